import { describe, expect, it } from 'vitest';
import { findConstantPrediction } from '../../../core/drift/prediction-checks.ts';
import type { ReferenceProfile } from '../../../core/drift/profile.ts';
import { FIRST_DAY, profileOf, windowOf } from './drift-data.ts';

const MINUTE_MS = 60_000;

/** A holdout of which this share is `yes`. */
function holdoutOf(yes: number): ReferenceProfile {
  const rows = 2_000;
  return {
    ...profileOf(),
    prediction: { kind: 'classes', classes: ['no', 'yes'], counts: [rows * (1 - yes), rows * yes] },
  };
}

/** Windows of a minute each, with so many answers `no` and `yes`. */
function minutes(...answers: readonly (readonly [no: number, yes: number])[]) {
  return answers.map(([no, yes], minute) =>
    windowOf(0, {
      seq: minute,
      n: no + yes,
      from: new Date(FIRST_DAY + minute * MINUTE_MS).toISOString(),
      to: new Date(FIRST_DAY + (minute + 1) * MINUTE_MS).toISOString(),
      prediction: { counts: [no, yes] },
    }),
  );
}

const times = <T>(count: number, value: T) => Array.from({ length: count }, () => value);

describe('a prediction that seems not to change', () => {
  it('is none where the other answer is rare in service, though the holdout is enriched with it', () => {
    const enriched = holdoutOf(0.1);
    expect(findConstantPrediction(enriched, minutes([300, 0]))).toBeUndefined();
    const usual = times(20, [995, 5] as const);
    expect(findConstantPrediction(enriched, minutes(...usual, [300, 0]))).toBeUndefined();
    expect(findConstantPrediction(enriched, minutes(...usual, [1_000, 0]))).toBeUndefined();
  });

  it('is one after so many rows that chance does not make them', () => {
    const usual = times(20, [995, 5] as const);
    const found = findConstantPrediction(holdoutOf(0.1), minutes(...usual, [3_000, 0], [3_000, 0]));
    expect(found).toMatchObject({ code: 'constant-prediction', observed: 1, sampleSize: 6_000 });
    expect(found?.limit).toBeCloseTo(0.9964, 3);
    expect(found?.message).toBe(
      'The last 6,000 predictions were all `no`; of 20,000 before them, 19,900 were.',
    );
  });

  it('is found soon where both answers are common, after other answers or from the first on', () => {
    const usual = times(5, [180, 120] as const);
    expect(findConstantPrediction(holdoutOf(0.4), minutes(...usual, [0, 200]))?.sampleSize).toBe(200);
    expect(findConstantPrediction(holdoutOf(0.4), minutes([0, 300]))).toBeUndefined();
    const first = findConstantPrediction(holdoutOf(0.4), minutes([0, 1_000]));
    expect(first?.message).toBe(
      'The last 1,000 predictions were all `yes`; of 2,000 on the holdout, 800 were.',
    );
  });

  it('is none where as long a run came before', () => {
    const night = times(3, [100, 0] as const);
    const day = times(3, [300, 300] as const);
    expect(findConstantPrediction(holdoutOf(0.4), minutes(...day, ...night))?.sampleSize).toBe(300);
    expect(
      findConstantPrediction(holdoutOf(0.4), minutes(...day, ...night, ...day, ...night)),
    ).toBeUndefined();
  });

  it('is none where the holdout answers alike too', () => {
    expect(findConstantPrediction(holdoutOf(0), minutes(...times(9, [3_000, 0] as const)))).toBeUndefined();
  });
});
