import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../../core/rollout/judge-shadow.ts';

const answers = (predictions: Readonly<Record<string, string | number>>) =>
  Object.entries(predictions).map(([id, prediction]) => ({ id, prediction }));

describe('answers of two versions are paired by request', () => {
  it('an answer without its pair is counted apart', () => {
    expect(compareAnswers(answers({ a: 'x', b: 'y' }), answers({ a: 'x', c: 'y' }))).toEqual({
      pairs: 1,
      different: 0,
      unmatched: 2,
    });
  });

  it('numbers are alike within the tolerance, and how far they lie apart is measured', () => {
    expect(compareAnswers(answers({ a: 1, b: 100 }), answers({ a: 1 + 1e-9, b: 101 }))).toMatchObject({
      pairs: 2,
      different: 1,
      meanDifference: expect.closeTo(0.5, 6),
    });
  });

  it('a number that is none differs and is no distance', () => {
    expect(compareAnswers(answers({ a: 1 }), answers({ a: Number.NaN }))).toEqual({
      pairs: 1,
      different: 1,
      unmatched: 0,
    });
  });

  it('a class and the text of its number are one answer', () => {
    expect(compareAnswers(answers({ a: 7, b: '8' }), answers({ a: '7', b: '9' }))).toMatchObject({
      different: 1,
    });
  });
});
