import { expect, test } from 'vitest';
import type { Comparison } from '../../../core/gate/comparison/comparison.ts';
import { harmOfFamily } from '../../../core/gate/comparison/harm-of-family.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import { binaryPredictions, gateInput } from './samples.ts';

const FIRST = 1 / 2001;

/** A comparison by draws, of which `asked` takes how many tests shared the error each time. */
function drawn(estimate: number, firstP: number, asked: number[]): Comparison {
  return {
    ...{ estimate, standardError: 0.01, interval: { low: -1, high: 1, level: 0.9 }, method: 'draws' },
    ...{ unseen: 0, champion: 0.9, challenger: 0.9 + estimate, rows: 60 },
    harmP: (_, family) => {
      asked.push(family);
      return family > 1 ? 1e-6 : firstP;
    },
  };
}

test('only the fifty that look worst are drawn for anew, and the others keep their first p', () => {
  const asked: number[] = [];
  const tests = Array.from({ length: 400 }, (_, index) => ({
    comparison: drawn(-index / 1000, index === 0 ? 0.0004 : FIRST, asked),
    margin: 0,
  }));
  const harm = harmOfFamily(tests, 400);
  expect(asked.filter((family) => family === 400)).toHaveLength(50);
  // The smallest first p, and of those that are alike the farthest.
  expect(harm[0]).toBe(1e-6);
  expect(harm.slice(1, 351)).toEqual(new Array(350).fill(FIRST));
  expect(harm.slice(351)).toEqual(new Array(49).fill(1e-6));
});

test('what can’t be compared shows no harm, and no spread breaks the order', () => {
  const asked: number[] = [];
  const flat = { ...drawn(-0.1, FIRST, asked), standardError: 0 };
  const tests = [undefined, flat, flat].map((comparison) => ({ comparison, margin: 0 }));
  expect(harmOfFamily(tests, 3)).toEqual([1, 1e-6, 1e-6]);
});

test('a model that is worse in each of very many slices is blocked', () => {
  const SLICES = 120;
  const labels = Float64Array.from({ length: 60 * SLICES }, (_, row) => row % 2);
  const champion = binaryPredictions(labels, labels);
  const wrong = labels.map((label, row) => (row % 60 < 24 ? 1 - label : label));
  const slices = { city: Array.from(labels, (_, row) => `city-${Math.floor(row / 60)}`) };
  const models = {
    champion: { ...champion, slices },
    challenger: { ...binaryPredictions(labels, wrong), slices },
  };
  const rule = { kind: 'slices', metric: 'f1', column: 'city', policy: 'guard', margin: 0 } as const;
  const [check] = judgeGate(gateInput([rule], models)).checks;
  expect(check?.verdict).toBe('fail');
  expect(check?.slices?.filter(({ verdict }) => verdict === 'fail').length).toBeGreaterThanOrEqual(50);
});
