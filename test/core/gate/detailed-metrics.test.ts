import { describe, expect, test } from 'vitest';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import { binaryModels, gateInput, randomMulticlass, randomRegression } from './samples.ts';

/** 4,000 rows; where just one model is right it is as often of class `no` as of `yes`. */
const MODELS = binaryModels({ both: 3800, onlyChampion: 20, onlyChallenger: 20, neither: 160 });

describe('the expected cost', () => {
  const costs = { no: { yes: 1 }, yes: { no: 10 } };
  const compare: GateRule = {
    kind: 'compare',
    metric: 'expected-cost',
    require: 'non-inferior',
    margin: 0.1,
    detail: { costs },
  };

  test('weighs each mistake, and has a ceiling and a comparison like any metric', () => {
    const ceiling: GateRule = { kind: 'floor', metric: 'expected-cost', ceiling: 0.3, detail: { costs } };
    const { verdict, checks } = judgeGate(gateInput([ceiling, compare], MODELS));
    // 180 mistakes, half of them of each kind.
    expect(checks.map(({ challenger }) => challenger)).toEqual([
      expect.closeTo((90 * 11) / 4000, 12),
      expect.closeTo((90 * 11) / 4000, 12),
    ]);
    expect(verdict).toBe('pass');
  });

  test('prices an answer that is no class as the dearest of its label, in a slice of nothing else too', () => {
    const { champion } = MODELS;
    const predictions = champion.predictions.map((answer, row) => (row % 2 === 1 && row < 200 ? -1 : answer));
    const columns = { part: champion.ids.map((_, row) => (row % 2 === 1 && row < 200 ? 'foreign' : 'rest')) };
    const open = { isOpen: true, slices: columns };
    const guard: GateRule = {
      kind: 'slices',
      metric: 'expected-cost',
      column: 'part',
      policy: 'guard',
      margin: 0,
      detail: { costs },
    };
    const models = { champion: { ...champion, ...open }, challenger: { ...champion, ...open, predictions } };
    const ceiling: GateRule = { kind: 'floor', metric: 'expected-cost', ceiling: 0.3, detail: { costs } };
    const { checks } = judgeGate(gateInput([ceiling, guard], models));
    // 90 mistakes of each kind by the champion, and a hundred positives lost.
    expect(checks[0]?.challenger).toBeCloseTo((90 * 11 + 100 * 10) / 4000, 12);
    expect(checks[1]).toMatchObject({ verdict: 'fail', reasons: [{ code: 'slice-worse', observed: -10 }] });
  });

  test('allows for the dearest mistake that no row shows', () => {
    const strict: GateRule = { ...compare, margin: 0.007 };
    expect(judgeGate(gateInput([strict], { ...MODELS, challenger: MODELS.champion })).verdict).toBe(
      'inconclusive',
    );
  });

  test('is open where a cost is missing, and names it', () => {
    const rule: GateRule = { ...compare, detail: { costs: { yes: { no: 10 } } } };
    const [check] = judgeGate(gateInput([rule], MODELS)).checks;
    expect(check).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'costs-incomplete' }] });
    expect(check?.reasons[0]?.message).toContain('the answer "yes" costs where "no" is true');
  });
});

describe('one class of a metric', () => {
  const floor = (name: string): GateRule => ({
    kind: 'floor',
    metric: 'recall',
    floor: 0.8,
    detail: { class: name },
  });

  test('has a floor of its own', () => {
    const champion = randomMulticlass(900, 3, 0.1, 'a');
    const predictions = champion.predictions.map((answer) => (answer === 2 ? 1 : answer));
    const { checks } = judgeGate(
      gateInput([floor('class-0'), floor('class-2')], { challenger: { ...champion, predictions } }),
    );
    expect(checks.map(({ metric, verdict }) => [metric, verdict])).toEqual([
      ['recall of class-0', 'pass'],
      ['recall of class-2', 'fail'],
    ]);
  });

  test('is open where no row is of it', () => {
    const [check] = judgeGate(gateInput([floor('maybe')], MODELS)).checks;
    expect(check).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'class-absent' }] });
  });
});

test('a quantile is judged by its own loss', () => {
  const champion = randomRegression(4000, 1, 'a');
  const high = { ...champion, predictions: champion.predictions.map((value) => value + 0.6) };
  const rule = (quantile: number): GateRule => ({
    kind: 'compare',
    metric: 'pinball',
    require: 'superior',
    margin: 0,
    detail: { quantile },
  });
  expect(judgeGate(gateInput([rule(0.9)], { champion, challenger: high })).verdict).toBe('pass');
  expect(judgeGate(gateInput([rule(0.1)], { champion, challenger: high })).verdict).toBe('fail');
});
