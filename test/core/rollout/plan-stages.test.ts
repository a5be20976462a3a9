import { describe, expect, it } from 'vitest';
import { renderBlocks } from '../../../core/report/render-block.ts';
import { planStages } from '../../../core/rollout/plan-stages.ts';
import { reportStages } from '../../../core/rollout/report-stages.ts';
import { requestsToSee, smallestVisible } from '../../../core/rollout/stage-requirement.ts';
import { PLAN } from './observations.ts';

describe('what a stage needs', () => {
  it('is as many requests as known for a base error rate of 0.5 %', () => {
    const known = [
      [1.5, 19_200],
      [2, 5400],
      [3, 1600],
      [5, 510],
      [10, 150],
    ] as const;
    for (const [oddsRatio, requests] of known) {
      expect(requestsToSee(oddsRatio, 0.005, 0.01) / requests).toBeCloseTo(1, 1);
    }
  });

  it('is the inverse of what so many requests can see', () => {
    for (const oddsRatio of [1.5, 3, 10]) {
      expect(smallestVisible(requestsToSee(oddsRatio, 0.005, 0.01), 0.005, 0.01)).toBeCloseTo(oddsRatio, 1);
    }
    expect(smallestVisible(0, 0.005, 0.01)).toBeUndefined();
    expect(smallestVisible(Number.NaN, 0.005, 0.01)).toBeUndefined();
  });
});

describe('the forecast of a rollout', () => {
  it('says what 1 % of 50 requests a second sees in five minutes', () => {
    const { stages, problems } = planStages({ plan: PLAN, requestsPerSecond: 50, baseErrorRate: 0.005 });
    expect(stages[0]).toMatchObject({ percent: 1, candidatePerSecond: 0.5, seconds: 300 });
    expect(stages[0]?.findsByMinimum).toBeCloseTo(10, 0);
    expect(problems).toEqual([]);
  });

  it('warns when the deadline passes first, and when there is no traffic', () => {
    const slow = planStages({ plan: PLAN, requestsPerSecond: 1, baseErrorRate: 0.005 });
    expect(slow.problems.map(({ code }) => code)).toEqual(['deadline-too-short']);
    for (const nothing of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const { problems, totalSeconds } = planStages({
        plan: PLAN,
        requestsPerSecond: nothing,
        baseErrorRate: 0.005,
      });
      expect(problems.map(({ code }) => code)).toEqual(['no-traffic']);
      expect(totalSeconds).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('goes by time alone when the plan asks for no requests', () => {
    const { totalSeconds, problems } = planStages({
      plan: { ...PLAN, minRequests: 0 },
      requestsPerSecond: 0,
      baseErrorRate: 0,
    });
    expect(totalSeconds).toBe(1200);
    expect(problems).toEqual([]);
  });

  it('is a sentence and a table, with the absolute limit for the bake', () => {
    const text = renderBlocks(
      reportStages(planStages({ plan: PLAN, requestsPerSecond: 50, baseErrorRate: 0.005 })),
    );
    expect(text).toMatch(
      /^At the present 50 requests\/s and an error rate of 0\.5%, this rollout takes about 22 min\./,
    );
    expect(text).toContain('| 1% | 0.5 | 148 | 5 min | 9.9x and more | 9.9x and more |');
    expect(text).toContain('| 100% | 50 | 19,185 | 6 min | over 5% | over 5% |');
  });
});
