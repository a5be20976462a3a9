import { describe, expect, it } from 'vitest';
import type { Golden } from '../../../../core/drift/golden/golden.ts';
import { compareGolden } from '../../../../core/drift/golden/golden-replay.ts';

const golden: Golden = {
  schema: 'trainyard.golden/1',
  absoluteTolerance: 1e-5,
  relativeTolerance: 1e-2,
  examples: [
    { inputs: [1], predictions: [0.25, 0.75] },
    { inputs: [2], predictions: [{ label: 'yes', score: 0.5 }] },
  ],
};

describe('asking a live endpoint the stored inputs', () => {
  it('passes within the tolerance, and tells the largest difference', () => {
    const replay = compareGolden(golden, [[0.2501, 0.7499], [{ label: 'yes', score: 0.5 }]]);
    expect(replay).toMatchObject({ verdict: 'pass', examples: 2, mismatches: [] });
    expect(replay.maxDifference).toBeCloseTo(1e-4, 12);
  });

  it('fails at the first number, label or shape that differs, and says where', () => {
    const replay = compareGolden(golden, [[0.25, 0.75], [{ label: 'no', score: 0.7 }]]);
    expect(replay.verdict).toBe('fail');
    expect(replay.mismatches.map(({ path }) => path)).toEqual([
      'predictions[0].label',
      'predictions[0].score',
    ]);
    expect(replay.reason.message).toContain('example 1 at predictions[0].label should be "yes" and is "no"');
    expect(compareGolden(golden, [[0.25], [{ label: 'yes', score: 0.5 }]]).verdict).toBe('fail');
    expect(compareGolden(golden, [[0.25, 0.75], [{ label: 'yes' }]]).verdict).toBe('fail');
  });

  it('fails for NaN, and for an answer missing among others', () => {
    expect(compareGolden(golden, [[Number.NaN, 0.75], [{ label: 'yes', score: 0.5 }]]).verdict).toBe('fail');
    expect(compareGolden(golden, [[0.25, 0.75], undefined]).verdict).toBe('fail');
  });

  it('is inconclusive when nothing was answered', () => {
    expect(compareGolden(golden, [])).toMatchObject({
      verdict: 'inconclusive',
      reason: { code: 'golden-unanswered' },
    });
  });
});
