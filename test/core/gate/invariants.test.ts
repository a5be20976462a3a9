import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import { type Predictions, sampleAt, sampleOf, sideAt, sideOf } from '../../../core/gate/predictions.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import { VERDICTS, type Verdict, worstVerdict } from '../../../core/verdict.ts';
import { binaryModels, gateInput, randomBinary } from './samples.ts';

const CLOSED_FORM = ['accuracy', 'log-loss', 'brier', 'roc-auc'] as const;

const counts = fc.record({
  both: fc.integer({ min: 20, max: 400 }),
  onlyChampion: fc.integer({ min: 0, max: 60 }),
  onlyChallenger: fc.integer({ min: 0, max: 60 }),
  neither: fc.integer({ min: 10, max: 40 }),
});
const margin = fc.double({ min: 0, max: 0.3, noNaN: true });
const metric = fc.constantFrom(...CLOSED_FORM);

/** How good a verdict is for the challenger. */
function rank(verdict: Verdict): number {
  return ['fail', 'inconclusive', 'pass'].indexOf(verdict);
}

function compare(name: string, width: number): GateRule {
  return { kind: 'compare', metric: name, require: 'non-inferior', margin: width };
}

function permute(predictions: Predictions, rows: readonly number[]): Predictions {
  return { ...predictions, ...sampleAt(sampleOf(predictions), rows), ...sideAt(sideOf(predictions), rows) };
}

describe('the gate', () => {
  test('is never harder on a challenger when the margin is wider', () => {
    fc.assert(
      fc.property(counts, metric, margin, margin, (numbers, name, a, b) => {
        const models = binaryModels(numbers);
        const [narrow, wide] = [Math.min(a, b), Math.max(a, b)].map(
          (width) => judgeGate(gateInput([compare(name, width)], models)).verdict,
        );
        return rank(wide ?? 'fail') >= rank(narrow ?? 'pass');
      }),
    );
  });

  test('is never kinder to a challenger when a floor is higher', () => {
    fc.assert(
      fc.property(counts, margin, margin, (numbers, a, b) => {
        const { challenger } = binaryModels(numbers);
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map(
          (step) =>
            judgeGate(gateInput([{ kind: 'floor', metric: 'accuracy', floor: 0.7 + step }], { challenger }))
              .verdict,
        );
        return rank(high ?? 'pass') <= rank(low ?? 'fail');
      }),
    );
  });

  test('finds the mirrored difference when champion and challenger change places, and doubts harm no less than gain', () => {
    fc.assert(
      fc.property(counts, metric, (numbers, name) => {
        const { champion, challenger } = binaryModels(numbers);
        const there = judgeGate(gateInput([compare(name, 0.01)], { champion, challenger })).checks[0]?.change;
        const back = judgeGate(
          gateInput([compare(name, 0.01)], { champion: challenger, challenger: champion }),
        ).checks[0]?.change;
        expect(there?.interval.low).toBeLessThanOrEqual(1e-10 - (back?.interval.high ?? Number.NaN));
        expect(back?.interval.low).toBeLessThanOrEqual(1e-10 - (there?.interval.high ?? Number.NaN));
        expect(there?.estimate).toBeCloseTo(-(back?.estimate ?? Number.NaN), 10);
      }),
    );
  });

  test('never passes and fails the same pair both ways round', () => {
    fc.assert(
      fc.property(counts, metric, margin, (numbers, name, width) => {
        const { champion, challenger } = binaryModels(numbers);
        const there = judgeGate(gateInput([compare(name, width)], { champion, challenger })).verdict;
        const back = judgeGate(
          gateInput([compare(name, width)], { champion: challenger, challenger: champion }),
        ).verdict;
        return !(there === 'fail' && back === 'fail');
      }),
    );
  });

  test('does not mind the order in which the rows were written', () => {
    const rows = 80;
    const champion = randomBinary(rows, 0.2, 'a');
    const challenger = randomBinary(rows, 0.15, 'b');
    const order = fc.shuffledSubarray(
      Array.from({ length: rows }, (_, row) => row),
      { minLength: rows, maxLength: rows },
    );
    fc.assert(
      fc.property(order, order, metric, (first, second, name) => {
        const straight = judgeGate(gateInput([compare(name, 0.02)], { champion, challenger })).checks[0];
        const shuffled = judgeGate(
          gateInput([compare(name, 0.02)], {
            champion: permute(champion, first),
            challenger: permute(challenger, second),
          }),
        ).checks[0];
        expect(shuffled?.verdict).toBe(straight?.verdict);
        expect(shuffled?.change?.interval.low).toBeCloseTo(straight?.change?.interval.low ?? Number.NaN, 10);
      }),
    );
  });

  test('gives the worst verdict of its checks, whatever the rules', () => {
    const rule = fc.oneof(
      fc.record({
        kind: fc.constant('floor' as const),
        metric: fc.constant('accuracy'),
        floor: fc.double({ min: 0.5, max: 1, noNaN: true }),
      }),
      fc.record({
        kind: fc.constant('compare' as const),
        metric,
        require: fc.constantFrom('non-inferior' as const, 'superior' as const),
        margin,
      }),
      fc.record({
        kind: fc.constant('slices' as const),
        metric: fc.constant('accuracy'),
        column: fc.constant('parity'),
        policy: fc.constantFrom('guard' as const, 'must-hold' as const),
        margin,
      }),
    );
    const seen = new Set<Verdict>();
    fc.assert(
      fc.property(counts, fc.array(rule, { minLength: 1, maxLength: 4 }), (numbers, rules) => {
        const result = judgeGate(gateInput(rules, binaryModels(numbers)));
        const judged = result.checks.filter((check) => check.rule !== 'holdout reuse');
        seen.add(result.verdict);
        expect(judged).toHaveLength(rules.length);
        expect(result.verdict).toBe(worstVerdict(judged.map(({ verdict }) => verdict)));
      }),
    );
    expect([...seen].sort()).toEqual([...VERDICTS].sort());
  });
});
