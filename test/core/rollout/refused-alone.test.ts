import { describe, expect, it } from 'vitest';
import { decideRollout } from '../../../core/rollout/decide-rollout.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { refusedAloneLimit } from '../../../core/rollout/evidence/refused-alone.ts';
import { arm, evidenceOf, instant, PLAN, poll } from './observations.ts';

/** The last stage, which is over when its polls are. */
const QUICK = { ...PLAN, minRequests: 1_000 };

/** Polls of ten seconds in the bake, of so many requests each, of which the candidate refuses this share. */
function bake(after: number, times: number, share: number, requests = 100): readonly Observation[] {
  return Array.from({ length: times }, (_, index) =>
    poll(after + index + 1, {
      ...{ stage: 3, seconds: 10, weights: { candidate: 100 }, stable: arm(0) },
      candidate: arm(requests, { refused: Math.round(requests * share) }),
    }),
  );
}

/** Both versions at half of the traffic, refusing the same share. */
function beside(share: number, requests = 1_000): Observation {
  const counts = arm(requests, { refused: Math.round(requests * share) });
  return poll(1, { stage: 2, weights: { candidate: 50 }, candidate: counts, stable: counts });
}

function decideAfter(polls: readonly Observation[], control: 'running' | 'held' = 'running') {
  return decideRollout({
    ...{ plan: QUICK, evidence: evidenceOf(polls, QUICK), stage: 3, control },
    ...{ stageStartedAt: instant(60), rolloutStartedAt: instant(0), now: instant(60 * polls.length + 60) },
  });
}

/** After how many polls of the bake it is taken back. */
function pollsUntilBack(before: readonly Observation[], harm: readonly Observation[]): number | undefined {
  const found = harm.findIndex(
    (_, index) => decideAfter([...before, ...harm.slice(0, index + 1)]).kind === 'rollback',
  );
  return found === -1 ? undefined : found + 1;
}

describe('a candidate that refuses what it is sent while nothing is beside it', () => {
  it('is taken back, also while a person holds it there, and is told by what it refused', () => {
    const polls = [beside(0), ...bake(1, 10, 1)];
    const decision = decideAfter(polls, 'held');
    expect(decision).toMatchObject({ kind: 'rollback', code: 'refused-worse' });
    expect(decision.explanation).toContain(
      'requests refused (4xx) 1,000/1,000 (100%) with no stable traffic beside it, where the limit taken from the stable version is 50%',
    );
  });

  it('is found about as soon when it begins to after a long time in which it did not', () => {
    const soon = pollsUntilBack([beside(0)], bake(1, 20, 1));
    const late = pollsUntilBack([beside(0), ...bake(1, 400, 0)], bake(401, 20, 1));
    expect(soon).toBeLessThanOrEqual(6);
    expect(late).toBeLessThanOrEqual(10);
  });

  it('is told from clients whose mistakes come in bursts by how long it lasts, not by how many they are', () => {
    expect(pollsUntilBack([beside(0)], bake(1, 20, 1, 100_000))).toBe(
      pollsUntilBack([beside(0)], bake(1, 20, 1)),
    );
    const burst = [...bake(1, 50, 0), ...bake(51, 3, 1, 100_000), ...bake(54, 50, 0)];
    expect(decideAfter([beside(0), ...burst]).kind).toBe('promote');
  });

  it('is blamed for no more than half, and not where the stable version was sent as much of it', () => {
    expect(decideAfter([beside(0), ...bake(1, 400, 0.45)]).kind).toBe('promote');
    expect(decideAfter([beside(0.6), ...bake(1, 400, 0.6)]).kind).toBe('promote');
    expect(decideAfter([beside(1), ...bake(1, 400, 1)]).kind).toBe('promote');
  });

  it('is judged by nearly everything where the stable version was hardly seen', () => {
    expect(decideAfter([beside(0, 50), ...bake(1, 100, 0.85)]).kind).toBe('promote');
    expect(decideAfter([beside(0, 50), ...bake(1, 100, 1)]).kind).toBe('rollback');
  });
});

describe('the limit', () => {
  it.each([
    [0, 0.5],
    [0.1, 0.5],
    [0.25, 0.5],
    [0.4, 2 / 3],
    [0.6, 9 / 11],
    [0.75, 1],
    [1, 1],
  ])('is three times the odds of the stable version, half at least: %d gives %d', (rate, limit) => {
    expect(refusedAloneLimit({ requests: 1_000, refused: 1_000 * rate })).toBeCloseTo(limit, 12);
  });

  it('is nine in ten where less than a hundred requests of the stable version were seen', () => {
    expect(refusedAloneLimit({ requests: 99, refused: 0 })).toBe(0.9);
  });
});
