import { describe, expect, test } from 'vitest';
import { NO_BASELINE } from '../../../core/rollout/evidence/baseline.ts';
import { gatherEvidence } from '../../../core/rollout/evidence/evidence.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import type { RolloutPlan } from '../../../core/rollout/rollout-plan.ts';
import type { Instance, Traffic } from '../../../core/serving/api.ts';
import { decideTraffic, type TrafficSituation } from '../../../core/serving/decide-traffic.ts';
import { hostIdOf } from '../../fixtures/host-id-of.ts';

const START = '2026-01-01T00:00:00Z';

const plan: RolloutPlan = {
  stages: [10, 100],
  alpha: 0.01,
  alarmAlpha: 0.01,
  stageMinSeconds: 60,
  minRequests: 50,
  deadlineSeconds: 3_600,
  onNoData: 'rollback',
  latencyMargin: 0.1,
  tolerance: 1,
};

const traffic: Traffic = {
  stable: '1',
  candidate: '2',
  candidatePercent: 10,
  shadow: false,
  revision: 3,
  lease: {
    rollout: 'r',
    plan,
    tempering: NO_BASELINE.eta,
    stage: 0,
    rolloutStartedAt: START,
    stageStartedAt: START,
    control: 'running',
    leaseSeconds: 120,
  },
};

const ready: Instance = { model: 'm', version: '2', package: 'm@x', state: 'ready', since: START };

function poll(seq: number, candidateErrors: number): Observation {
  const latency = { edges: [1, 2], counts: [100, 0, 0] };
  const arm = { requests: 100, errors: 0, unanswered: 0, refused: 0, invalid: 0, latency };
  return {
    hostId: hostIdOf('h'),
    host: 'h',
    at: new Date(Date.parse(START) + seq * 5_000).toISOString(),
    seq,
    seconds: 5,
    stage: 0,
    weights: { candidate: 10 },
    candidate: { ...arm, errors: candidateErrors },
    stable: { ...arm, requests: 900, latency: { edges: [1, 2], counts: [900, 0, 0] } },
  };
}

const evidenceOf = (...errors: readonly number[]) =>
  gatherEvidence(
    plan,
    errors.map((count, index) => poll(index + 1, count)),
  );

function decide(change: Partial<TrafficSituation> = {}) {
  return decideTraffic({
    traffic,
    setAt: START,
    evidence: evidenceOf(0),
    candidate: ready,
    stable: { ...ready, version: '1' },
    fellTogether: false,
    now: '2026-01-01T00:00:10Z',
    ...change,
  });
}

describe('a host decides by itself', () => {
  test('to keep what is set while there is nothing to say', () => {
    expect(decide()).toEqual({ kind: 'keep' });
  });

  test('to brake on evidence of harm, with the reason in words', () => {
    expect(decide({ evidence: evidenceOf(20, 20) })).toMatchObject({
      kind: 'brake',
      code: 'errors-worse',
      explanation: expect.stringContaining('40/200'),
    });
  });

  test('to brake on harm while the rollout is held, too', () => {
    const lease = traffic.lease && { ...traffic.lease, control: 'held' as const };
    const held = { ...traffic, ...(lease && { lease }) };
    expect(decide({ traffic: held, evidence: evidenceOf(20, 20) }).kind).toBe('brake');
  });

  test.each<[string, Instance | undefined]>([
    ['is not there', undefined],
    ['failed', { ...ready, state: 'failed', message: 'out of memory' }],
    ['is being started again', { ...ready, state: 'starting' }],
  ])('to brake when the candidate %s', (_what, candidate) => {
    expect(decide({ candidate })).toMatchObject({ kind: 'brake', code: 'candidate-failed' });
  });

  test('to wait for a candidate that was lost with the whole host, while it can still come back', () => {
    const startedAgain = decide({ candidate: { ...ready, state: 'starting' }, fellTogether: true });
    expect(startedAgain).toEqual({ kind: 'keep' });
    const givenUp = decide({ candidate: { ...ready, state: 'failed' }, fellTogether: true });
    expect(givenUp).toMatchObject({ kind: 'brake', code: 'candidate-failed' });
  });

  test('to wait for a candidate that has no traffic yet', () => {
    const dark = { ...traffic, candidatePercent: 0 };
    expect(decide({ traffic: dark, candidate: { ...ready, state: 'starting' } })).toEqual({ kind: 'keep' });
  });

  test.each([
    [119, 'keep'],
    [120, 'hold'],
    [239, 'hold'],
    [240, 'brake'],
  ])('after %d s of silence with a lease of 120 s: %s', (seconds, kind) => {
    const now = new Date(Date.parse(START) + seconds * 1_000).toISOString();
    expect(decide({ now, evidence: undefined }).kind).toBe(kind);
  });

  test.each<[string, Instance | undefined]>([
    ['is not there', undefined],
    ['failed', { ...ready, version: '1', state: 'failed' }],
    ['is being started again', { ...ready, version: '1', state: 'starting' }],
  ])('to hold, however long it is silent, while the stable version %s', (_what, stable) => {
    const now = '2026-01-01T00:30:00Z';
    expect(decide({ now, stable, evidence: undefined }).kind).toBe('hold');
    expect(decide({ now, stable, evidence: evidenceOf(20, 20) })).toMatchObject({ code: 'errors-worse' });
  });

  test('to report a stage that has its evidence when no job waits for it, never to advance it', () => {
    const seen = { evidence: evidenceOf(0, 0, 0, 0, 0), now: '2026-01-01T00:01:10Z' };
    expect(decide(seen)).toEqual({ kind: 'keep' });
    const detached = traffic.lease && { ...traffic, lease: { ...traffic.lease, detached: true } };
    const decision = decide({ ...seen, ...(detached && { traffic: detached }) });
    expect(decision).toMatchObject({ kind: 'report', decision: { kind: 'advance', to: 1 } });
    const late = { now: '2026-01-01T00:03:00Z', ...(detached && { traffic: detached }) };
    expect(decide({ ...late, evidence: undefined }).kind).toBe('hold');
    expect(decide({ ...seen, ...late }).kind).toBe('report');
  });

  test('to leave a deadline to deploy, which knows how long it held', () => {
    const now = '2026-01-01T09:00:00Z';
    expect(decide({ now, setAt: now, evidence: evidenceOf() }).kind).toBe('keep');
  });

  test('nothing more once it has braked', () => {
    const brake = { rollout: 'r', version: '2', code: 'slower', explanation: 'x', at: START };
    expect(decide({ traffic: { ...traffic, brake }, evidence: evidenceOf(20, 20) })).toEqual({
      kind: 'keep',
    });
  });

  test('nothing without a candidate', () => {
    expect(decide({ traffic: { stable: '1', candidatePercent: 0, shadow: false, revision: 1 } })).toEqual({
      kind: 'keep',
    });
  });
});
