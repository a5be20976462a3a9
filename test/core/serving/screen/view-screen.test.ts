import { describe, expect, test } from 'vitest';
import type { DriftSeen } from '../../../../core/drift/drift-seen.ts';
import type { AgentState, RolloutLease, Traffic } from '../../../../core/serving/api.ts';
import { describeRollout } from '../../../../core/serving/screen/describe-rollout.ts';
import type { TrafficHistory } from '../../../../core/serving/screen/history.ts';
import type { ModelOutlook } from '../../../../core/serving/screen/outlook.ts';
import type { ScreenEvent } from '../../../../core/serving/screen/screen-routes.ts';
import type { TableView } from '../../../../core/serving/screen/view/view.ts';
import { viewScreen } from '../../../../core/serving/screen/view/view-screen.ts';
import { hostIdOf } from '../../../fixtures/host-id-of.ts';
import { arm, evidenceOf, instant, PLAN, poll } from '../../rollout/observations.ts';

const NOW = instant(1_800);
const NOW_MS = Date.parse(NOW);
const LEASE: RolloutLease = {
  ...{ rollout: 'r1', plan: PLAN, tempering: { errors: 1, slow: 1, refused: 1, invalid: 1 }, stage: 1 },
  ...{ rolloutStartedAt: instant(0), stageStartedAt: instant(600), leaseSeconds: 600 },
  control: 'running',
};
const CANARY: Traffic = {
  ...{ stable: '7', candidate: '8', candidatePercent: 10, shadow: false, revision: 2 },
  lease: LEASE,
};
const TOTALS = { requests: 200, errors: 5, unanswered: 2, refused: 3, invalid: 1 };

function outlookOf(
  over: Partial<ModelOutlook> = {},
  lease: Parameters<typeof describeRollout>[0]['lease'] = LEASE,
): ModelOutlook {
  const evidence = evidenceOf([1, 2, 3].map((seq) => poll(seq, { candidate: arm(10), stable: arm(90) })));
  return {
    latency: {
      since: instant(0),
      stable: { answers: 270, p50: 12, p95: 40 },
      candidate: { answers: 30, p50: 1_500 },
    },
    rollout: describeRollout({
      ...{ lease, setAt: instant(1_500), evidence, now: NOW },
      curve: [{ at: instant(60), stage: 1, total: -0.1 }],
      failuresToAlarm: 4,
      requestsPerSecond: 10,
    }),
    ...over,
  };
}

function eventOf(traffic: Traffic, outlook: ModelOutlook, over: Partial<AgentState> = {}): ScreenEvent {
  const state: AgentState = {
    ...{
      host: 'serve-1',
      hostId: hostIdOf('serve-1'),
      agentVersion: '1.0.0',
      startedAt: instant(0),
      runtime: 'process',
    },
    instances: [],
    traffic: { m: traffic },
    seen: { m: { 7: TOTALS, 8: { ...TOTALS, requests: 0 }, 6: TOTALS } },
    outbox: { pending: 0 },
    dataPlane: { address: '127.0.0.1:8080', healthy: true },
    disk: { freeBytes: 50e9, sizeBytes: 100e9 },
    ...over,
  };
  return { at: NOW, state, outlooks: { m: outlook } };
}

const view = (event: ScreenEvent, history: Readonly<Record<string, TrafficHistory>> = {}) =>
  viewScreen(event, { histories: history, calls: [] }, NOW_MS);
const texts = (table: TableView | undefined) => table?.rows.map((row) => row.map(({ text }) => text));

test('each class of errors is told apart, with its share, and latency by version', () => {
  const [model] = view(eventOf(CANARY, outlookOf())).models;
  expect(texts(model?.versions)).toEqual([
    ['v6', 'earlier', '200', '3 (1.5%)', '2 (1%)', '3 (1.5%)', '1 (0.5%)', '–', '–', '–'],
    ['v7', 'stable', '200', '3 (1.5%)', '2 (1%)', '3 (1.5%)', '1 (0.5%)', '12 ms', '40 ms', '–'],
    ['v8', 'candidate', '0', '–', '–', '–', '–', '1.5 s', '–', '–'],
  ]);
});

describe('a rollout', () => {
  const rollout = () => view(eventOf(CANARY, outlookOf())).models[0]?.rollout;

  test('says what its stages have and still need, its times, and what would reach the limit', () => {
    const found = rollout();
    expect(found?.verdict).toContain('The stage needs');
    const [, now] = texts(found?.stages) ?? [];
    expect(now?.slice(0, 2)).toEqual(['10%', 'now']);
    expect(now?.[2]).toMatch(/^30 of [\d,]+$/);
    const [seen = 0, needs = 0] = (now?.[2] ?? '')
      .split(' of ')
      .map((text) => Number(text.replaceAll(',', '')));
    expect(Number(now?.[3]?.replaceAll(',', ''))).toBe(needs - seen);
    expect(found?.facts.map(({ name, text }) => [name, text])).toEqual(
      expect.arrayContaining([
        ['Began', '30 min ago'],
        ['This stage', 'began 20 min ago'],
        ['Lease', 'ends in 5 min'],
      ]),
    );
    expect(found?.crossing).toContain('4 failed requests');
    expect(found?.evidence.limit?.value).toBeCloseTo(-Math.log(PLAN.alarmAlpha));
    expect(found?.evidence.summary).toContain('over 3 polls');
  });

  test('that is held, or of which deploy is silent, needs attention', () => {
    const held = view(eventOf(CANARY, outlookOf({}, { ...LEASE, control: 'held' })));
    expect(held.heeds.map(({ title }) => title)).toEqual(['m: the rollout is held']);
    const [model] = held.models;
    const needs = texts(model?.rollout?.stages)?.[1]?.[3];
    const told = model?.rollout?.facts.find(({ name }) => name === 'Still needs');
    expect(told?.text, 'as the table of stages has it').toBe(`${needs} candidate requests`);
    const silent = view(eventOf(CANARY, outlookOf({}, { ...LEASE, leaseSeconds: 200 })));
    expect(silent.heeds.map(({ title }) => title)).toEqual(['m: deploy is silent']);
    expect(silent.heeds[0]?.text).toContain('over for 2 min');
    expect(silent.heeds[0]?.text).toContain('in 2 min');
  });

  test('that is braked says so first, and promises nothing any more', () => {
    const brake = {
      rollout: 'r1',
      version: '8',
      code: 'errors-worse',
      explanation: 'Too many.',
      at: instant(1_740),
    };
    const braked = { ...CANARY, candidatePercent: 0, brake, braked: [brake] };
    const found = view(eventOf(braked, outlookOf()));
    expect(found.heeds[0]?.title).toBe('m: version 8 is braked (errors-worse), 1 min ago');
    expect(found.models[0]?.rollout).toMatchObject({
      verdict: 'Braked (errors-worse): Too many.',
      facts: [],
    });
    const [, braking, ahead] = texts(found.models[0]?.rollout?.stages) ?? [];
    expect([braking?.[1], ...(braking ?? []).slice(3, 5)]).toEqual(['braked', '–', '–']);
    expect(ahead?.slice(3, 5)).toEqual(['–', '–']);
    expect(found.models[0]?.shares.notes).toEqual([expect.stringContaining('gets requests again only by')]);
  });
});

test('shares, shadow, stickiness and pins are said in words', () => {
  const shadow = { ...CANARY, candidatePercent: 0, shadow: true };
  const { shares } =
    view(eventOf(shadow, outlookOf({ stickyHeader: 'x-user', pinned: { 8: 1_200 } }))).models[0] ?? {};
  expect(shares?.parts.map(({ version, percent }) => [version, percent])).toEqual([
    ['7', 100],
    ['8', 0],
  ]);
  expect(shares?.notes).toEqual([
    expect.stringContaining('a copy of every request'),
    expect.stringContaining('x-user'),
    'v8 was pinned by 1,200 requests, golden examples among them, which are no evidence.',
  ]);
});

test.each([
  [50e9, 'plain', 0],
  [8e9, 'warn', 0],
  [1e6, 'bad', 1],
])('a disk with %d of 100 GB free is %s', (freeBytes, tone, heeds) => {
  const found = view(eventOf(CANARY, outlookOf(), { disk: { freeBytes, sizeBytes: 100e9 } }));
  expect(found.facts.find(({ name }) => name === 'Disk')?.tone).toBe(tone);
  expect(found.heeds).toHaveLength(heeds);
});

test.each([
  ['signed', 'only what is signed is served', 'plain'],
  ['any', 'any is served, signed or not', 'warn'],
] as const)('a host that starts %s packages says so', (packages, text, tone) => {
  const found = view(eventOf(CANARY, outlookOf(), { packages }));
  expect(found.facts).toContainEqual({ name: 'Packages', text, tone });
});

test('warnings, versions that failed, drift and bad labels need attention; a healthy host says nothing', () => {
  expect(view(eventOf(CANARY, outlookOf())).heeds).toEqual([]);
  const at = instant(1_200);
  const drift: DriftSeen = {
    ...{ at, version: '7', explanation: '`x` drifted.', batches: 2, openRows: 5, tolerance: 0.02, judged: 9 },
    verdict: 'fail',
    severity: 'act',
    findings: ['`y` is missing.'],
    features: [{ name: 'x', verdict: 'fail', severity: 'act', index: 0.3, rows: 900, since: instant(0) }],
  };
  const labels = {
    at,
    version: '7',
    verdict: 'fail',
    labels: 40,
    coverage: 0.5,
    accuracy: 0.8,
    expected: 0.9,
  } as const;
  const bad = outlookOf({ drift, labels });
  const found = view(
    eventOf(CANARY, bad, {
      warnings: [
        { code: 'proxy-not-converged', message: 'It is behind.' },
        { code: 'of-a-newer-agent', message: 'It may be.', model: 'm' },
      ],
      instances: [
        {
          model: 'm',
          version: '9',
          package: `m@sha256:${'0'.repeat(64)}`,
          state: 'failed',
          code: 'load-failed',
          message: 'No.',
          since: at,
        },
      ],
    }),
  );
  expect(found.heeds.map(({ title }) => title)).toEqual([
    'The proxy does not run on what it was given (proxy-not-converged)',
    'm: of-a-newer-agent',
    'm: version 9 failed (load-failed)',
    'm: version 7 sees drift',
    'm: version 7 is right less often than promised',
  ]);
  expect(found.heeds[3]?.text).toBe('x drifted. y is missing.');
  expect(texts(found.models[0]?.drift)).toEqual([['x', 'fail (act)', '0.300', '0.020', '900', '30 min ago']]);
  expect(found.models[0]?.watch[0]?.text).toContain('80% right (90% promised)');
  expect(texts(found.instances)).toEqual([['v9', 'm', 'failed', '10 min ago', '–', 'load-failed: No.']]);
});

test('the last day is drawn with a gap where nothing is known, and told in words and by the hour', () => {
  const counted = {
    requests: 600,
    errors: 6,
    unanswered: 0,
    refused: 0,
    invalid: 0,
    latency: { answers: 600, p95: 30 },
  };
  const none = { ...counted, requests: 0, errors: 0, latency: { answers: 0 } };
  const stretch = (begin: number, seconds = 300) => ({
    ...{ at: instant(begin), percent: 0, seconds, stable: counted, candidate: none },
  });
  const rollouts = [
    {
      rollout: 'r0',
      from: instant(0),
      to: instant(600),
      stage: 1,
      percent: 10,
      stable: TOTALS,
      candidate: TOTALS,
      evidence: {
        ...{ limit: Math.log(200), peak: Math.log(3), polls: 2 },
        curve: [
          { at: instant(60), stage: 0, total: -1 },
          { at: instant(120), stage: 1, total: Math.log(3) },
        ],
      },
    },
  ];
  const history = { stepSeconds: 300, stretches: [stretch(0), stretch(900), stretch(1_800, 60)], rollouts };
  const found = view(eventOf(CANARY, outlookOf()), { m: history }).models[0]?.history;
  const [requests, errors, latency] = found?.charts ?? [];
  // 10:00 to 10:30, of a day that ends with the stretch that has just begun.
  const lately = (chart: typeof requests) =>
    chart?.lines.map(({ arm: name, values }) => [name, values.slice(-7)]);
  expect(requests?.xs).toHaveLength(288);
  expect(requests?.xs.at(-1)).toBe(NOW_MS / 1_000);
  expect(lately(requests)).toEqual([['stable', [2, null, null, 2, null, null, null]]]);
  expect(lately(latency)).toEqual([['stable', [30, null, null, 30, null, null, 30]]]);
  expect(errors?.summary).toBe('stable 1% to 1%.');
  expect(texts(requests?.table)?.at(-1)).toEqual(['2026-03-12 10:00', '2.0']);
  expect(texts(found?.rollouts)).toEqual([
    ['r0', '20 min ago', '10%', '200', '5 (2.5%)', '5 (2.5%)', 'over'],
  ]);
  expect(found?.evidence).toMatchObject([
    { title: 'Evidence of harm in r0', summary: 'Highest 3:1, limit 200:1, over 2 polls.' },
  ]);
  expect(found?.evidence[0]?.limit?.value).toBe(Math.log(200));
});

test('a steady rate is told as steady, also of a stretch that has grown since it was told', () => {
  const armOf = (requests: number) => ({
    ...{ requests, errors: 0, unanswered: 0, refused: 0, invalid: 0, latency: { answers: requests } },
  });
  const stretch = (begin: number, seconds: number) => ({
    ...{ at: instant(begin), percent: 0, seconds, stable: armOf(10 * seconds), candidate: armOf(0) },
  });
  // Told 140 s after 10:25, and looked at when more of it is over, or all.
  const history = { stepSeconds: 300, stretches: [stretch(1_200, 300), stretch(1_500, 130)], rollouts: [] };
  for (const later of [140, 270, 320]) {
    const nowMs = Date.parse(instant(1_500 + later));
    const found = viewScreen(eventOf(CANARY, outlookOf()), { histories: { m: history }, calls: [] }, nowMs)
      .models[0]?.history;
    expect(found?.charts[0]?.summary).toBe('stable 10.0 to 10.0.');
  }
});

test('what happened is told the newest first: calls with who made them, and what the host did by itself', () => {
  const brake = { rollout: 'r1', version: '8', code: 'errors-worse', explanation: 'No.', at: instant(1_500) };
  const braked = { ...CANARY, candidatePercent: 0, brake, braked: [{ ...brake, at: instant(300) }, brake] };
  const event = eventOf(braked, outlookOf(), {
    instances: [
      {
        ...{ model: 'm', version: '7', package: `m@sha256:${'0'.repeat(64)}`, state: 'failed' },
        ...{ code: 'load-failed', since: instant(1_680) },
      },
    ],
  });
  const by = { kind: 'token', role: 'deployer', fingerprint: 'aabbccdd' } as const;
  const call = { by, method: 'PUT', path: '/v1/models/{model}/traffic', parameters: { model: 'm' } };
  const calls = [
    { ...call, at: instant(600), status: 412, code: 'revision-changed' },
    { at: instant(900), by: { kind: 'strangers' }, of: 'refused', untold: 3 } as const,
    { ...call, at: instant(1_740), status: 200 },
  ];
  const found = viewScreen(event, { histories: {}, calls }, NOW_MS).events;
  expect(texts(found)).toEqual([
    ['1 min ago', 'PUT /v1/models/m/traffic', 'deployer aabbccdd', '200'],
    ['2 min ago', 'm v7 is failed: load-failed', 'the agent', ''],
    ['5 min ago', 'm v8 was braked: errors-worse', 'the agent', ''],
    ['15 min ago', '3 more calls in a minute, refused with 401', 'strangers', ''],
    ['20 min ago', 'PUT /v1/models/m/traffic', 'deployer aabbccdd', '412 revision-changed'],
    ['25 min ago', 'm v8 was braked: errors-worse', 'the agent', ''],
    ['30 min ago', 'The agent 1.0.0 was started', '', ''],
  ]);
  const many = Array.from({ length: 30 }, (_, index) => ({ ...call, at: instant(index), status: 200 }));
  expect(viewScreen(event, { histories: {}, calls: many }, NOW_MS).events.rows).toHaveLength(20);
});
