import { describe, expect, it } from 'vitest';
import { decideRollout } from '../../../core/rollout/decide-rollout.ts';
import { type Baseline, NO_BASELINE } from '../../../core/rollout/evidence/baseline.ts';
import { addObservation, type Evidence, gatherEvidence } from '../../../core/rollout/evidence/evidence.ts';
import { measureObjective } from '../../../core/rollout/evidence/objective.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { arm, evidenceOf, instant, PLAN, poll } from './observations.ts';

const SECONDS = 10;

/** So many polls of ten seconds in the bake, of 500 requests each of which the candidate fails this share. */
function bake(after: number, times: number, share: number, requests = 500): readonly Observation[] {
  return Array.from({ length: times }, (_, index) =>
    poll(after + index + 1, {
      ...{ stage: 3, seconds: SECONDS, weights: { candidate: 100 }, stable: arm(0) },
      candidate: arm(requests, { errors: Math.round(requests * share) }),
    }),
  );
}

const BESIDE = poll(1, {
  ...{ stage: 2, weights: { candidate: 50 } },
  ...{ candidate: arm(1_000, { errors: 1 }), stable: arm(1_000, { errors: 1 }) },
});

function isProven({ peak }: Evidence): boolean {
  return peak.total >= -Math.log(PLAN.alpha);
}

/** After how many seconds of this share of failures a candidate is found that answered well for so many polls; `undefined` if never. */
function secondsUntilFound(
  good: number,
  share: number,
  { requests = 500, polls = 600 } = {},
): number | undefined {
  let evidence = evidenceOf([BESIDE, ...bake(1, good, 0.002, requests)]);
  expect(isProven(evidence)).toBe(false);
  for (const [index, one] of bake(good + 1, polls, share, requests).entries()) {
    evidence = addObservation(evidence, one);
    if (isProven(evidence)) return SECONDS * (index + 1);
  }
  return undefined;
}

describe('a candidate with all traffic that breaks late', () => {
  it('is found within a minute of failing everything, after minutes and after hours of good answers', () => {
    expect(secondsUntilFound(6, 1)).toBeLessThanOrEqual(20);
    for (const good of [60, 360, 2_160]) expect(secondsUntilFound(good, 1)).toBeLessThanOrEqual(60);
    for (const good of [60, 2_160]) {
      expect(secondsUntilFound(good, 1, { requests: 50_000 })).toBeLessThanOrEqual(60);
      expect(secondsUntilFound(good, 1, { requests: 10 })).toBeLessThanOrEqual(180);
    }
  });

  it('is found while it fails three in ten too', () => {
    expect(secondsUntilFound(2_160, 0.3)).toBeLessThanOrEqual(600);
  });

  it('is told by what it failed of late, where all it was asked is below the limit', () => {
    const polls = [BESIDE, ...bake(1, 360, 0.002), ...bake(361, 6, 1)];
    const decision = decideRollout({
      ...{ plan: PLAN, evidence: evidenceOf(polls), stage: 3, control: 'running' },
      ...{ stageStartedAt: instant(60), rolloutStartedAt: instant(0), now: instant(60 * 370) },
    });
    expect(decision).toMatchObject({ kind: 'rollback', code: 'objective-broken' });
    expect(decision.explanation).toContain('3,000/3,000 (100%) of late where the limit taken from');
  });
});

describe('a healthy candidate', () => {
  it('is not taken back for clumps of failures, at any rate of requests and however often they come', () => {
    for (const requests of [10, 500, 50_000]) {
      let polls: readonly Observation[] = [BESIDE, ...bake(1, 60, 0, requests)];
      for (let clump = 0; clump < 20; clump += 1) {
        polls = [...polls, ...bake(polls.length, 1, 1, requests), ...bake(polls.length + 1, 60, 0, requests)];
      }
      expect(isProven(evidenceOf(polls))).toBe(false);
    }
  });

  it('is not taken back for a rate at the limit', () => {
    expect(secondsUntilFound(60, 0.05)).toBeUndefined();
  });
});

describe('the limit of a candidate alone', () => {
  const UNTOLD = { ...NO_BASELINE, ofAllHosts: 'untold' } as const;
  const TOLD = { ...NO_BASELINE, ofAllHosts: 'told' } as const;
  const beside = (requests: number, errors: number) =>
    poll(1, { stage: 2, weights: { candidate: 50 }, candidate: arm(100), stable: arm(requests, { errors }) });
  const limitAfter = (polls: readonly Observation[], baseline: Baseline = NO_BASELINE) =>
    gatherEvidence(PLAN, [...polls, ...bake(1, 1, 0)], baseline).objective.limit;

  it('is three times the rate of the stable version, and 5 % at least', () => {
    expect(limitAfter([BESIDE])).toBe(0.05);
    expect(limitAfter([beside(10_000, 700)])).toBeCloseTo(0.21, 12);
    expect(limitAfter([])).toBe(0.05);
  });

  it('is taken on a host from what all hosts saw, or from what it saw itself where that is more, and from no sum', () => {
    const others = { ...TOLD, requests: 2_000, errors: 180, invalid: 20 };
    expect(limitAfter([], others)).toBeCloseTo(0.3, 12);
    expect(limitAfter([beside(1_000, 0)], others)).toBeCloseTo(0.3, 12);
    expect(limitAfter([beside(4_000, 280)], others)).toBeCloseTo(0.21, 12);
  });

  it('is none on a host that knows nothing of the stable version: that is no sign that it answered well', () => {
    expect(limitAfter([], UNTOLD)).toBeUndefined();
    expect(limitAfter([], TOLD)).toBe(0.05);
    expect(isProven(gatherEvidence(PLAN, bake(0, 20, 1), UNTOLD))).toBe(false);
    expect(isProven(gatherEvidence({ ...PLAN, slo: { maxErrorRate: 0.05 } }, bake(0, 20, 1), UNTOLD))).toBe(
      true,
    );
  });
});

describe('the evidence against the limit', () => {
  it('is a fair game at the limit, half of it bet on all requests and half on those to come', () => {
    expect(expectation(evidenceOf([]), 3)).toBeCloseTo(1, 9);
  });
});

/** The expectation of the evidence after so many polls of four requests, over everything that may come out at the limit. */
function expectation(evidence: Evidence, polls: number, seq = 1): number {
  if (polls === 0) return Math.exp(measureObjective(evidence.objective, { eta: 1, weight: 1 }));
  let sum = 0;
  let probability = 0.95 ** 4;
  for (let errors = 0; errors <= 4; errors += 1) {
    const next = addObservation(
      evidence,
      poll(seq, {
        ...{ stage: 3, seconds: 60, weights: { candidate: 100 }, stable: arm(0) },
        candidate: arm(4, { errors }),
      }),
    );
    sum += probability * expectation(next, polls - 1, seq + 1);
    probability *= ((4 - errors) / (errors + 1)) * (0.05 / 0.95);
  }
  return sum;
}
