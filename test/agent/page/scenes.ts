import type { GpuLook } from '../../../agent/machine/gpu-look.ts';
import { NO_COUNTS } from '../../../agent/traffic/version-reading.ts';
import type { ArmCounts } from '../../../core/rollout/evidence/observation.ts';
import type { RolloutLease, Traffic } from '../../../core/serving/api.ts';
import { PLAN } from '../../../measure/simulate/simulate-rollout.ts';
import { type FakeHost, storePackage } from '../support/fake-context.ts';

/** What a host may be like when somebody looks at its page. */
export const SCENES = ['idle', 'shadow', 'canary', 'braked', 'held', 'disk-full', 'gpu-full'] as const;
type SceneName = (typeof SCENES)[number];

const MODEL = 'mnist';
const ROLLOUT = '01-mnist-8';
/** Of this morning, and over. */
export const PAST_ROLLOUT = '00-mnist-7';
const HOUR_MS = 3_600_000;

/** Makes a host as the scene has it: a day of traffic, and the last 50 minutes of a rollout where there is one. */
export async function setScene(host: FakeHost, scene: SceneName): Promise<void> {
  const { store, clock } = host.context;
  const hasRollout = scene !== 'idle';
  const isHarmful = scene === 'braked' || scene === 'disk-full';
  for (const version of ['7', ...(hasRollout ? ['8'] : [])]) await putReady(host, version);
  const nowMs = Date.parse(clock.now());
  store.transaction(() => {
    for (let minute = 24 * 60; minute > 50; minute -= 1) {
      if (minute <= 400 && minute > 360) continue;
      addPoll(host, { atMs: nowMs - minute * 60_000, seconds: 60, rollout: '', percent: 0, stage: 0 });
    }
    for (let minute = 400; minute > 360; minute -= 1) {
      addPoll(host, {
        atMs: nowMs - minute * 60_000,
        seconds: 60,
        rollout: PAST_ROLLOUT,
        percent: 10,
        stage: 1,
      });
    }
    for (let step = 0; hasRollout && step < 300; step += 1) {
      const isShadow = scene === 'shadow';
      const stage = isShadow || step < 200 ? 0 : 1;
      const percent = isShadow ? 0 : ([1, 10][stage] ?? 0);
      const atMs = nowMs - (300 - step) * 10_000;
      const isBad = isHarmful && step > 285;
      addPoll(host, { atMs, seconds: 10, rollout: ROLLOUT, percent, stage, isBad, isShadow });
    }
  });
  const stored = { traffic: trafficOf(scene, nowMs), setAt: new Date(nowMs - 60_000).toISOString() };
  const pastLease = { ...leaseOf('canary', nowMs), rollout: PAST_ROLLOUT };
  store.putTraffic(MODEL, { ...stored, traffic: { ...trafficOf('canary', nowMs), lease: pastLease } });
  if (scene === 'disk-full') {
    store.putTraffic(MODEL, { ...stored, traffic: trafficOf('canary', nowMs) });
    store.holdTraffic(MODEL, stored);
  } else store.putTraffic(MODEL, stored);
  store.putMemory(`monitored/${MODEL}`, { at: new Date(nowMs - 20 * 60_000).toISOString(), isFirst: false });
  putSeen(host, hasRollout, isHarmful, nowMs);
  putDrift(host, nowMs);
  host.world.gpus = gpusOf(scene);
  if (scene === 'disk-full') {
    Object.assign(host.context.blobs, { disk: async () => ({ freeBytes: 40e6, sizeBytes: 270e9 }) });
  }
}

function gpusOf(scene: SceneName): GpuLook {
  if (scene === 'idle') return { kind: 'none' };
  if (scene === 'held') return { kind: 'unknown', why: 'nvidia-smi gave no answer within 10 s' };
  const totalBytes = 143_771 * 2 ** 20;
  const usedBytes = scene === 'gpu-full' ? totalBytes - 2 ** 30 : 40 * 2 ** 30;
  const processes = [
    { pid: 7, bytes: 3_800_000_000 },
    { pid: 8, bytes: 4_100_000_000 },
  ];
  return { kind: 'seen', gpus: [{ index: 0, usedBytes, totalBytes }], processes };
}

async function putReady({ context }: FakeHost, version: string): Promise<void> {
  const manifestDigest = await storePackage(context, version);
  const since = new Date(Date.parse(context.clock.now()) - HOUR_MS).toISOString();
  context.store.putInstance({
    ...{ model: MODEL, version, package: `${MODEL}@${manifestDigest}`, manifestDigest, crashes: [] },
    ...{ state: 'ready', since, startedAt: since, handle: { pid: Number(version) } },
    manifest: JSON.parse(context.blobs.readNow(manifestDigest)),
  });
}

type PollAsked = {
  readonly atMs: number;
  readonly seconds: number;
  readonly rollout: string;
  readonly percent: number;
  readonly stage: number;
  readonly isBad?: boolean;
  readonly isShadow?: boolean;
};

function addPoll({ context }: FakeHost, asked: PollAsked): void {
  const { atMs, seconds, rollout, percent, stage, isBad = false, isShadow = false } = asked;
  const rate = 45 + 25 * Math.sin((2 * Math.PI * atMs) / (24 * HOUR_MS));
  const all = Math.round(rate * seconds);
  const ofCandidate = rollout === '' ? 0 : isShadow ? all : Math.max(1, Math.round((all * percent) / 100));
  const tick = Math.floor(atMs / 10_000);
  context.store.addObservation(MODEL, rollout, {
    ...{ host: 'host-1', at: new Date(atMs).toISOString(), seconds, stage, weights: { candidate: percent } },
    candidate: counts(ofCandidate, isBad ? Math.ceil(ofCandidate / 3) : tick % 90 === 0 ? 1 : 0, 14),
    stable: counts(all - (isShadow ? 0 : ofCandidate), tick % 11 === 0 ? 1 : 0, 13),
  });
}

function counts(requests: number, bad: number, bucket: number): ArmCounts {
  const errors = Math.min(requests, bad);
  const slow = Math.floor(requests / 40);
  const latency = NO_COUNTS.latency.counts.map((_, index) => {
    if (index === bucket) return requests - slow;
    return index === bucket + 12 ? slow : 0;
  });
  return { ...NO_COUNTS, requests, errors, latency: { ...NO_COUNTS.latency, counts: latency } };
}

function leaseOf(scene: SceneName, nowMs: number): RolloutLease {
  return {
    rollout: ROLLOUT,
    plan: { ...PLAN, stages: [1, 10, 50, 100], deadlineSeconds: 21_600 },
    tempering: { errors: 1, slow: 1, refused: 1, invalid: 1 },
    stage: scene === 'shadow' ? 0 : 1,
    rolloutStartedAt: new Date(nowMs - 3_000_000).toISOString(),
    stageStartedAt: new Date(nowMs - 1_200_000).toISOString(),
    control: scene === 'held' ? 'held' : 'running',
    leaseSeconds: 600,
  };
}

function trafficOf(scene: SceneName, nowMs: number): Traffic {
  if (scene === 'idle') return { stable: '7', candidatePercent: 0, shadow: false, revision: 3 };
  const canary: Traffic = {
    ...{ stable: '7', candidate: '8', candidatePercent: 10, shadow: false, revision: 5 },
    lease: leaseOf(scene, nowMs),
  };
  if (scene === 'shadow') return { ...canary, candidatePercent: 0, shadow: true };
  if (scene !== 'braked' && scene !== 'disk-full') return canary;
  const brake = {
    ...{ rollout: ROLLOUT, version: '8', code: 'errors-worse', at: new Date(nowMs - 30_000).toISOString() },
    explanation:
      'Rolled back at 10% after 20 min: errors 27/1,440 (1.9%) vs 3/12,960 (0.023%); evidence over 1,000,000:1, limit 200:1.',
  };
  return { ...canary, candidatePercent: 0, brake, braked: [brake] };
}

function putSeen({ context }: FakeHost, hasRollout: boolean, isBraked: boolean, nowMs: number): void {
  const stable = { requests: 41_236, errors: 12, unanswered: 5, refused: 31, invalid: 0 };
  const candidate = {
    requests: 2_214,
    errors: isBraked ? 29 : 1,
    unanswered: isBraked ? 9 : 0,
    refused: 2,
    invalid: 1,
  };
  context.store.putMemory(`counted/${MODEL}`, {
    at: new Date(nowMs).toISOString(),
    versions: {},
    seen: {
      rollout: hasRollout ? ROLLOUT : '',
      versions: { 7: stable, ...(hasRollout && { 8: candidate }) },
    },
  });
}

function putDrift({ context }: FakeHost, nowMs: number): void {
  const at = new Date(nowMs - 900_000).toISOString();
  const feature = (name: string, index: number, verdict: 'pass' | 'fail' = 'pass') => ({
    ...{ name, verdict, index, rows: 8_412 },
    severity: verdict === 'fail' ? ('warn' as const) : ('info' as const),
    ...(verdict === 'fail' && { since: new Date(nowMs - 26 * HOUR_MS).toISOString() }),
  });
  context.store.putMemory(`drift/${MODEL}/7`, {
    seq: 9,
    at,
    seen: {
      ...{
        at,
        version: '7',
        verdict: 'fail',
        severity: 'warn',
        batches: 6,
        openRows: 3_120,
        tolerance: 0.02,
      },
      explanation: '1 of 4 histograms drifted: `brightness`.',
      features: [
        feature('brightness', 0.141, 'fail'),
        feature('contrast', 0.018),
        feature('prediction', 0.006),
      ],
      judged: 4,
      findings: [],
    },
  });
  context.store.putMemory(`label-drift/${MODEL}/7`, {
    at,
    reported: 'pass',
    seen: {
      at,
      version: '7',
      verdict: 'pass',
      labels: 1_240,
      coverage: 0.62,
      accuracy: 0.978,
      expected: 0.981,
    },
  });
}
