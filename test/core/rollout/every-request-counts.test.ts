import { describe, expect, it } from 'vitest';
import { renderBlocks } from '../../../core/report/render-block.ts';
import { decideRollout } from '../../../core/rollout/decide-rollout.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { sumStages } from '../../../core/rollout/evidence/stage-totals.ts';
import { reportRollout } from '../../../core/rollout/report-rollout.ts';
import { arm, evidenceOf, instant, PLAN, poll } from './observations.ts';

/** A stage is over when its polls are: how many requests it needs is another test's business. */
const QUICK = { ...PLAN, minRequests: 1_000 };
const BAKE = { stage: 3, weights: { candidate: 100 } };

/** Decides after these polls, at the stage of the last one. */
function decideAfter(polls: readonly Observation[], now = 60 * (polls.length + 1)) {
  const evidence = evidenceOf(polls, QUICK);
  const decision = decideRollout({
    plan: QUICK,
    evidence,
    stage: polls.at(-1)?.stage ?? 0,
    stageStartedAt: instant(0),
    rolloutStartedAt: instant(0),
    now: instant(now),
    control: 'running',
  });
  return { decision, evidence };
}

const repeat = (times: number, one: (seq: number) => Observation) =>
  Array.from({ length: times }, (_, index) => one(index + 1));
/** Both versions with the same shares of these counts in every request, at 10 %. */
const alike = (times: number, shares: { readonly unanswered?: number; readonly refused?: number }) => {
  const countsOf = (requests: number) => {
    const unanswered = Math.round(requests * (shares.unanswered ?? 0));
    return arm(requests, {
      errors: unanswered,
      unanswered,
      refused: Math.round(requests * (shares.refused ?? 0)),
    });
  };
  return repeat(times, (seq) => poll(seq, { candidate: countsOf(200), stable: countsOf(1800) }));
};

describe('requests that were never answered', () => {
  it('roll back a candidate that leaves some of them hanging, and the report says which they were', () => {
    const polls = repeat(3, (seq) =>
      poll(seq, { candidate: arm(40, { errors: 6, unanswered: 6 }), stable: arm(360) }),
    );
    const { decision, evidence } = decideAfter(polls);
    expect(decision).toMatchObject({ kind: 'rollback', code: 'errors-worse' });
    expect(decision.explanation).toContain('errors 18/120 (15%, 18 of them never answered) vs 0/1,080 (0%)');
    const report = renderBlocks(reportRollout({ decision, evidence, points: [] }));
    expect(report).toContain('| unanswered |');
    expect(report).toContain('18 (15%)');
  });

  it('of hurried clients, who are as many at both versions, prove nothing', () => {
    expect(decideAfter(alike(40, { unanswered: 0.1 })).decision.kind).toBe('advance');
  });

  it('are slow, and leave what is slow to be judged by the answers', () => {
    const stable = arm(1800, { errors: 60, unanswered: 60 });
    const slower = repeat(8, (seq) =>
      poll(seq, { candidate: arm(200, { errors: 7, unanswered: 7, bucket: 5 }), stable }),
    );
    expect(decideAfter(slower).decision).toMatchObject({ kind: 'rollback', code: 'slower' });
    const hanging = repeat(8, (seq) =>
      poll(seq, { candidate: arm(200, { errors: 60, unanswered: 60 }), stable }),
    );
    expect(decideAfter(hanging).evidence.levels.slow).toBeGreaterThan(Math.log(100));
  });
});

describe('requests that were refused', () => {
  it('roll back a candidate that refuses what the stable version takes', () => {
    const polls = [poll(1, { candidate: arm(12, { refused: 12 }), stable: arm(108) })];
    const { decision } = decideAfter(polls);
    expect(decision).toMatchObject({ kind: 'rollback', code: 'refused-worse' });
    expect(decision.explanation).toContain('requests refused (4xx) 12/12 (100%) vs 0/108 (0%)');
  });

  it('by both versions alike, because clients wrote them wrongly, prove nothing up to the promotion', () => {
    const compared = alike(20, { refused: 0.08 });
    expect(decideAfter(compared).decision.kind).toBe('advance');
    const bake = repeat(20, (seq) =>
      poll(seq + 20, { ...BAKE, candidate: arm(2000, { refused: 160 }), stable: arm(0) }),
    );
    const { decision, evidence } = decideAfter([...compared, ...bake]);
    expect(decision.kind).toBe('promote');
    expect(evidence.objective).toMatchObject({ limit: 0.05, bad: 0 });
    expect(sumStages(evidence.stages, 'candidate')).toMatchObject({ refused: 3520, errors: 0, invalid: 0 });
  });

  it('count against no configured limit', () => {
    const polls = alike(20, { refused: 0.08 });
    const plan = { ...QUICK, slo: { maxErrorRate: 0.01 } };
    expect(evidenceOf(polls, plan).objective).toMatchObject({ requests: 4000, bad: 0 });
  });
});

describe('the limit of the bake', () => {
  it('is made from the counts that it is about: invalid answers are in both', () => {
    const before = poll(1, {
      stage: 2,
      weights: { candidate: 50 },
      candidate: arm(1000, { invalid: 60 }),
      stable: arm(1000, { invalid: 60 }),
    });
    const bake = repeat(10, (seq) =>
      poll(seq + 1, { ...BAKE, candidate: arm(1000, { invalid: 60 }), stable: arm(0) }),
    );
    const { decision, evidence } = decideAfter([before, ...bake]);
    expect(evidence.objective.limit).toBeCloseTo(0.18);
    expect(decision.kind).toBe('promote');
  });
});
