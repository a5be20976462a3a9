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
    const replay = compareGolden(golden, [[0.2501, 0.7499], [{ label: 'yes', score: 0.5 }]], 'none');
    expect(replay).toMatchObject({ verdict: 'pass', examples: 2, mismatches: [] });
    expect(replay.maxDifference).toBeCloseTo(1e-4, 12);
  });

  it('fails at the first number, label or shape that differs, and says where', () => {
    const replay = compareGolden(golden, [[0.25, 0.75], [{ label: 'no', score: 0.7 }]], 'none');
    expect(replay.verdict).toBe('fail');
    expect(replay.mismatches.map(({ path }) => path)).toEqual([
      'predictions[0].label',
      'predictions[0].score',
    ]);
    expect(replay.reason.message).toContain('example 1 at predictions[0].label should be "yes" and is "no"');
    expect(compareGolden(golden, [[0.25], [{ label: 'yes', score: 0.5 }]], 'none').verdict).toBe('fail');
    expect(compareGolden(golden, [[0.25, 0.75], [{ label: 'yes' }]], 'none').verdict).toBe('fail');
  });

  it('fails for NaN, and for an answer missing among others', () => {
    expect(compareGolden(golden, [[Number.NaN, 0.75], [{ label: 'yes', score: 0.5 }]], 'none').verdict).toBe(
      'fail',
    );
    expect(compareGolden(golden, [[0.25, 0.75], undefined], 'none').verdict).toBe('fail');
  });

  it('is inconclusive when nothing was answered', () => {
    expect(compareGolden(golden, [], 'none')).toMatchObject({
      verdict: 'inconclusive',
      reason: { code: 'golden-unanswered' },
    });
  });
});

const measured: Golden = {
  ...golden,
  measured: [{ device: 'cpu', numberForm: 'float32', absoluteTolerance: 1e-6, relativeTolerance: 1e-6 }],
  elsewhere: { numberForm: 'tf32', absoluteTolerance: 0.04, relativeTolerance: 0 },
  ranked: true,
  examples: [{ inputs: [1], predictions: [[0.51, 0.49]] }],
};

describe('what a package allows on each device', () => {
  it('is what was measured there', () => {
    const near = compareGolden(measured, [[[0.5100005, 0.4899995]]], 'none');
    expect(near).toMatchObject({ verdict: 'pass', reason: { code: 'golden-same' } });
    expect(near.reason.message).toContain('as measured on cpu in float32');
    expect(compareGolden(measured, [[[0.51001, 0.48999]]], 'none').verdict).toBe('fail');
  });

  it('is said of any other device, and says so', () => {
    const near = compareGolden(measured, [[[0.53, 0.47]]], 'all');
    expect(near.verdict).toBe('pass');
    expect(near.reason.message).toContain(
      'cuda was not measured when the package was built: by half of the digits of tf32, and the class',
    );
    expect(compareGolden(measured, [[[0.56, 0.44]]], 'all').verdict).toBe('fail');
  });

  it('was one for all in packages of before, whatever the device', () => {
    const near = compareGolden(golden, [[0.2501, 0.7499], [{ label: 'yes', score: 0.5 }]], 'all');
    expect(near.verdict).toBe('pass');
    expect(near.reason.message).toContain('by the tolerance of a package for which none was measured');
  });
});

describe('the class of a row of scores', () => {
  it('has to be the stored one, also where numbers may differ by as much', () => {
    const other = compareGolden(measured, [[[0.49, 0.51]]], 'all');
    expect(other.verdict).toBe('fail');
    expect(other.reason.message).toContain(
      'example 0 at predictions[0], the largest of it, should be 0 and is 1',
    );
    expect(compareGolden({ ...measured, ranked: false }, [[[0.49, 0.51]]], 'all').verdict).toBe('pass');
  });

  it('is the side of the boundary that a single score is on', () => {
    const { ranked, ...rest } = measured;
    const single = { ...rest, boundary: 0.5, examples: [{ inputs: [1], predictions: [0.52] }] };
    expect(compareGolden(single, [[0.505]], 'all').verdict).toBe('pass');
    expect(compareGolden(single, [[0.495]], 'all').verdict).toBe('fail');
    const level = { ...single, examples: [{ inputs: [1], predictions: [0.505] }] };
    expect(compareGolden(level, [[0.495]], 'all').verdict).toBe('pass');
  });

  it('may be another where the two were level', () => {
    const level = { ...measured, examples: [{ inputs: [1], predictions: [[0.502, 0.498]] }] };
    expect(compareGolden(level, [[[0.499, 0.501]]], 'all').verdict).toBe('pass');
  });
});
