import { describe, expect, it } from 'vitest';
import type { Monitor } from '../../../core/config/config.ts';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import type { CaptureWindow } from '../../../core/drift/window.ts';
import {
  emptyLedger,
  type GateJudgement,
  type LedgerState,
  type Rollout,
  type Training,
  type VersionState,
} from '../../../core/ledger/state.ts';
import { decideMonitor } from '../../../core/monitor/decide-monitor.ts';
import type { MonitorInput } from '../../../core/monitor/monitor-input.ts';
import { sayVerdict } from '../../../core/monitor/page/say-verdict.ts';
import { reportMonitor } from '../../../core/monitor/report-monitor.ts';
import { renderBlocks } from '../../../core/report/render-block.ts';
import { profileOf, tenBins, windowOf } from '../drift/drift-data.ts';
import { input, ledgerOf, NOW, PACKAGE, POLICY } from './support.ts';

function days(count: number, from: number, moved = 0) {
  return Array.from({ length: count }, (_, day) => windowOf(from + day, { moved }));
}

const profile = profileOf(28);
const calm = judgeDrift(profile, days(19, 0), DEFAULT_DRIFT_OPTIONS);
const severe = judgeDrift(profile, [...days(10, 0), ...days(4, 10, 0.095)], DEFAULT_DRIFT_OPTIONS);
const mild = judgeDrift(profile, [...days(10, 0), ...days(4, 10, 0.075)], DEFAULT_DRIFT_OPTIONS);
const skewed = judgeDrift(profile, days(1, 0, 0.095), DEFAULT_DRIFT_OPTIONS);

const training = (requestedAt: string): Training => ({
  correlationId: 'schedule-1',
  operation: 'train',
  status: 'started',
  sha: 'abc',
  parameters: {},
  cause: { kind: 'schedule', id: 'schedule-1' },
  actor: 'monitor',
  run: '1',
  requestedAt,
});

const DIGEST = `sha256:${'c'.repeat(64)}`;

const rollout: Rollout = {
  id: 'rollout-8',
  version: '8',
  stable: '7',
  package: PACKAGE,
  hosts: ['serve-1'],
  stages: [10, 100],
  alpha: 0.01,
  stage: 0,
  percent: 10,
  startedAt: '2026-03-19T22:00:00Z',
  stageStartedAt: '2026-03-19T22:00:00Z',
  heldSeconds: 0,
  actor: 'monitor',
  cause: { kind: 'schedule', id: 'schedule-1' },
};

const version: VersionState = {
  version: '8',
  runId: 'run-8',
  modelUri: 'models:/m-8',
  modelDigest: DIGEST,
  registeredAt: NOW,
};

const gate = (verdict: 'pass' | 'fail'): GateJudgement => ({
  ...{ runId: 'run-8', verdict, headline: '', holdoutDigest: DIGEST, evidenceDigest: DIGEST, at: NOW },
});

describe('a healthy deployment', () => {
  it('asks for nothing and changes nothing', () => {
    expect(decideMonitor(input({ drift: calm }))).toEqual({
      action: 'none',
      wanted: 'none',
      codes: [],
      muted: [],
      lost: [],
      reasons: [],
      explanation: 'All is well.',
      isChange: false,
    });
  });

  it('says when nothing is deployed', () => {
    const decision = decideMonitor(
      input({ ledger: emptyLedger('demo'), hosts: [{ host: 'serve-1', lastSeenAt: NOW }] }),
    );
    expect(decision).toMatchObject({ action: 'none', explanation: 'Nothing is deployed to production yet.' });
  });

  it('tells of what it can not judge yet, without acting on it', () => {
    const drift = judgeDrift(profile, [], DEFAULT_DRIFT_OPTIONS);
    const decision = decideMonitor(input({ drift }));
    expect(decision).toMatchObject({ action: 'none', isChange: false, reasons: [{ code: 'too-few-rows' }] });
    expect(decision.explanation).toMatch(/^Nothing to do\. No cycle is over/);
  });

  it('is a change when the ledger last said otherwise', () => {
    const monitor = { at: NOW, action: 'investigate' as const, codes: ['host-lost'], explanation: '' };
    expect(decideMonitor(input({ ledger: ledgerOf({ monitor }) })).isChange).toBe(true);
  });
});

describe('drift', () => {
  it('asks for a training when it is severe, and says which feature moved where', () => {
    const decision = decideMonitor(input({ drift: severe }));
    expect(decision).toMatchObject({ action: 'retrain', codes: ['drift-act:amount'], isChange: true });
    expect(decision.explanation).toMatch(/^Train again\. Feature `amount`: PSI 0\.\d\d \[/);
  });

  it('asks for a look when it is mild, or there from the first batch on', () => {
    expect(decideMonitor(input({ drift: mild }))).toMatchObject({
      action: 'investigate',
      codes: ['drift-warn:amount'],
    });
    expect(decideMonitor(input({ drift: skewed }))).toMatchObject({
      action: 'investigate',
      codes: ['skew:amount'],
    });
  });

  it('does not change its mind while an index it acted upon is still above the warning level', () => {
    const monitor = { at: NOW, action: 'retrain' as const, codes: ['drift-act:amount'], explanation: '' };
    const decision = decideMonitor(input({ drift: mild, ledger: ledgerOf({ monitor }) }));
    expect(decision).toMatchObject({ action: 'retrain', isChange: false });
  });
});

describe('a wanted training', () => {
  const wanted = (over: Partial<LedgerState>, policy: Partial<Monitor> = {}) =>
    decideMonitor(input({ drift: severe, ledger: ledgerOf({}, over), policy: { ...POLICY, ...policy } }));
  const retrainsAgo = (...hours: readonly number[]) => ({
    retrains: hours.map((ago) => ({
      at: new Date(Date.parse(NOW) - ago * 3_600_000).toISOString(),
      correlationId: `c${ago}`,
    })),
  });

  it('waits for the one that is open', () => {
    const decision = wanted({ trainings: { 'schedule-1': training('2026-03-19T20:00:00Z') } });
    expect(decision).toMatchObject({ action: 'none', wanted: 'retrain' });
    expect(decision.codes).toContain('retrain-open');
    expect(decision.explanation).toMatch(/^Waiting\. .* one at a time\.$/);
  });

  it('waits for a rollout that is open here, and not for one elsewhere', () => {
    const { champion } = ledgerOf().environments['production'] ?? {};
    const environments = (name: string) => ({
      environments: { production: { champion, history: [] }, [name]: { champion, history: [], rollout } },
    });
    const decision = wanted(environments('production'));
    expect(decision).toMatchObject({ action: 'none', wanted: 'retrain' });
    expect(decision.codes).toContain('rollout-open');
    expect(decision.explanation).toMatch(
      /Version 8 is being rolled out; a training waits until that has ended\.$/,
    );
    expect(wanted(environments('staging')).action).toBe('retrain');
  });

  it('waits for a model between the end of its training and its rollout', () => {
    const trained = (finishedAt: string) => ({
      ...training('2026-03-19T16:00:00Z'),
      status: 'finished' as const,
      finishedAt,
      runId: 'run-8',
    });
    const ended = (over: Partial<LedgerState> = {}, finishedAt = '2026-03-19T20:00:00Z') =>
      wanted({ trainings: { 'schedule-1': trained(finishedAt) }, ...over });
    const decision = ended();
    expect(decision).toMatchObject({ action: 'none', wanted: 'retrain' });
    expect(decision.codes).toContain('delivery-open');
    expect(ended({ gates: { 'run-8': gate('pass') }, versions: { 8: version } }).action).toBe('none');
    expect(ended({ gates: { 'run-8': gate('fail') } }).action).toBe('retrain');
    expect(ended({}, '2026-03-19T17:00:00Z').action).toBe('retrain');
    const { production } = ledgerOf().environments;
    const rolledBack = {
      ...{ rollout: 'r', version: '8', outcome: 'rolled-back' as const, at: NOW, explanation: '' },
    };
    const environments = { production: { ...production, history: [rolledBack] } };
    expect(ended({ versions: { 8: version }, environments }).action).toBe('retrain');
  });

  it('waits for the cool-down, then goes ahead', () => {
    expect(wanted(retrainsAgo(5))).toMatchObject({ action: 'none', wanted: 'retrain' });
    expect(wanted(retrainsAgo(25)).action).toBe('retrain');
  });

  it('asks for a person once the budget is spent, and not for older trainings', () => {
    const spent = wanted(retrainsAgo(120, 72, 30));
    expect(spent.action).toBe('investigate');
    expect(spent.codes).toContain('retrain-budget-spent');
    expect(wanted(retrainsAgo(300, 200, 72)).action).toBe('retrain');
  });

  it('asks for a person when automatic trainings are off', () => {
    expect(wanted({}, { retrain: { ...POLICY.retrain, automatic: false } })).toMatchObject({
      action: 'investigate',
      wanted: 'retrain',
    });
  });
});

describe('broken answers', () => {
  const previous = { version: '6', package: PACKAGE, at: '2026-02-01T00:00:00Z' };
  const broken = judgeFastLane(
    profile,
    [windowOf(0), ...Array.from({ length: 3 }, (_, day) => windowOf(day + 1, { invalid: 600 }))],
    DEFAULT_FAST_LANE_OPTIONS,
  );

  it('of a champion just promoted ask for a rollback, even when frozen', () => {
    const frozen = { at: NOW, actor: 'mara', reason: 'audit' };
    expect(decideMonitor(input({ fastLane: broken, ledger: ledgerOf({ previous, frozen }) })).action).toBe(
      'rollback',
    );
  });

  it('ask for a look when the champion is old, or there is nothing to return to', () => {
    const champion = { version: '7', package: PACKAGE, at: '2026-01-01T00:00:00Z' };
    expect(decideMonitor(input({ fastLane: broken, ledger: ledgerOf({ previous, champion }) })).action).toBe(
      'investigate',
    );
    expect(decideMonitor(input({ fastLane: broken })).action).toBe('investigate');
  });
});

describe('requests that clients wrote wrongly', () => {
  const previous = { version: '6', package: PACKAGE, at: '2026-02-01T00:00:00Z' };
  const decide = (over: Partial<CaptureWindow>, until?: string) => {
    const windows = Array.from({ length: 3 }, (_, day) => windowOf(day, day === 0 ? {} : over));
    const options = { ...DEFAULT_FAST_LANE_OPTIONS, ...(until !== undefined && { until }) };
    const fastLane = judgeFastLane(profile, windows, options);
    return decideMonitor(input({ fastLane, ledger: ledgerOf({ previous }) }));
  };

  it('never ask for a rollback, some of them or all', () => {
    expect(decide({ refused: 600 }).action).toBe('none');
    const all = decide({ n: 0, refused: 2000, prediction: { counts: [0, 0] } });
    expect(all).toMatchObject({ action: 'investigate', reasons: [{ code: 'only-refused' }] });
  });
});

describe('one and the same answer to everything', () => {
  const previous = { version: '6', package: PACKAGE, at: '2026-02-01T00:00:00Z' };
  const stuck = { prediction: { counts: [0, 2000] } };
  /** Promoted on the first day; the answers are the same from `day` on. */
  const constantFrom = (day: number, over: Partial<CaptureWindow> = {}) => {
    const windows = Array.from({ length: 6 }, (_, index) =>
      windowOf(index, index < day ? {} : { ...stuck, ...over }),
    );
    return judgeFastLane(profile, windows, DEFAULT_FAST_LANE_OPTIONS);
  };
  const decide = (over: Partial<MonitorInput>) =>
    decideMonitor(input({ ledger: ledgerOf({ previous }), ...over }));

  it('asks for a rollback while the inputs are as ever, also when the prediction itself counts as drifted', () => {
    expect(decide({ fastLane: constantFrom(3), drift: calm }).action).toBe('rollback');
    const days = Array.from({ length: 14 }, (_, day) => windowOf(day, day < 10 ? {} : stuck));
    const drift = judgeDrift(profile, days, DEFAULT_DRIFT_OPTIONS);
    expect(drift.features.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)).toEqual([
      'prediction',
    ]);
    expect(decide({ fastLane: constantFrom(3), drift }).action).toBe('rollback');
  });

  it('asks for what the drift asks for when the inputs explain it', () => {
    expect(decide({ fastLane: constantFrom(3), drift: severe })).toMatchObject({
      action: 'retrain',
      codes: ['constant-prediction', 'drift-act:amount'],
    });
    expect(decide({ fastLane: constantFrom(3), drift: mild }).action).toBe('investigate');
  });

  it('asks for a look when the fast lane finds the inputs broken', () => {
    const clean = { counts: tenBins(2000), missing: 0, below: 0, above: 0, unseen: 0 };
    const features = { amount: { ...clean, missing: 2000 }, age: clean };
    const fastLane = constantFrom(3, { features });
    expect(fastLane.findings.map(({ code }) => code)).toEqual(['missing-values', 'constant-prediction']);
    expect(decide({ fastLane, drift: calm }).action).toBe('investigate');
  });

  it('asks for a rollback whatever the inputs do when the version never answered otherwise', () => {
    expect(decide({ fastLane: constantFrom(0), drift: severe }).action).toBe('rollback');
    expect(decide({ fastLane: constantFrom(1), drift: severe }).action).toBe('retrain');
  });
});

describe('age', () => {
  it('asks for a training when the champion is older than allowed', () => {
    const policy = { ...POLICY, stalenessSeconds: 10 * 86_400 };
    const decision = decideMonitor(input({ policy }));
    expect(decision).toMatchObject({ action: 'retrain', codes: ['stale'] });
    expect(decision.explanation).toBe('Train again. The champion was deployed 19 d ago; the limit is 10 d.');
  });
});

describe('the report', () => {
  it('shows names from data as text and nothing else', () => {
    const name = 'a|b <img src=x> @mara';
    const hostile = {
      ...severe,
      features: severe.features.map((feature) => ({ ...feature, name })),
      reasons: severe.reasons.map((reason) => ({ ...reason, metric: name, message: `${name} moved` })),
    };
    const given = input({ drift: hostile });
    const report = renderBlocks(reportMonitor(decideMonitor(given), given));
    expect(report).not.toContain('<img');
    expect(report).not.toContain('@mara');
  });

  it('leads with the decision in a sentence, with what shifted and since when, and lists each feature with its interval', () => {
    const given = input({ drift: severe });
    const report = renderBlocks(reportMonitor(decideMonitor(given), given));
    expect(report.split('\n')[0]).toBe(
      '**retrain**: `amount` has drifted away from training since 11 March 2026.',
    );
    expect(report).toMatch(
      /\| `amount` \| 0\.\d\d \[0\.\d\d, 0\.\d\d\] \| 2,000 \| 0\.00 \| ▁+█+ \| \*\*drift\*\* \(act\) since 11 March 2026 \|/,
    );
  });

  const firstLine = (over: Partial<MonitorInput>) => {
    const given = input(over);
    return renderBlocks(reportMonitor(decideMonitor(given), given)).split('\n')[0];
  };
  const drifted = '`amount` has drifted away from training since 11 March 2026.';
  const retrained = ledgerOf({}, { retrains: [{ at: '2026-03-19T19:00:00Z', correlationId: 'c5' }] });
  const policyOf = (retrain: Partial<Monitor['retrain']>, stalenessSeconds?: number) => ({
    ...{ ...POLICY, retrain: { ...POLICY.retrain, ...retrain } },
    ...(stalenessSeconds !== undefined && { stalenessSeconds }),
  });

  it('says what is waited for or asked of people instead, and why, where what is wanted is not done', () => {
    const why = 'The last automatic training was 5 h ago; the next may start in 19 h.';
    expect(firstLine({ drift: severe, ledger: retrained })).toBe(
      `**Waiting: train again**: ${drifted} ${why}`,
    );
    expect(firstLine({ policy: policyOf({}, 10 * 86_400), ledger: retrained })).toBe(
      `**Waiting: train again**: The champion was deployed 19 d ago; the limit is 10 d. ${why}`,
    );
    expect(firstLine({ drift: severe, policy: policyOf({ automatic: false }) })).toBe(
      `**Needs a look**: ${drifted} Automatic trainings are switched off: comment \`/train demo\` to start one.`,
    );
  });

  it('tells of labels beside the drift where both ask for the training, and since when the first of them did', () => {
    const message = 'Accuracy by label is 60%; it has been lower than promised since 5 March 2026.';
    const labels = (alarmSince: string) => ({
      ...{ verdict: 'fail' as const, labels: 400, coverage: 1, alarmSince },
      reasons: [{ code: 'labels-worse-than-promised', metric: 'accuracy', message }],
    });
    const earlier = input({ drift: severe, labels: labels('2026-03-05T00:00:00Z') });
    expect(sayVerdict(decideMonitor(earlier), earlier)).toMatchObject({
      sentence: `${drifted} ${message}`,
      since: '2026-03-05T00:00:00Z',
    });
    const later = input({ drift: severe, labels: labels('2026-03-15T00:00:00Z') });
    expect(sayVerdict(decideMonitor(later), later).since).toBe('2026-03-11T00:00:00.000Z');
  });
});
