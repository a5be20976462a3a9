import { describe, expect, test } from 'vitest';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import { gatherEvidence } from '../../../core/gate/judge/gather-evidence.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import { binaryModels, gateInput, randomMulticlass } from './samples.ts';

const RULE: GateRule = { kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin: 0.005 };
/** As good as its champion on 20,000 rows; the champions before it were right on so many more. */
const PRESENT = binaryModels({ both: 18_000, onlyChampion: 100, onlyChallenger: 100, neither: 1800 });

function earlier(name: string, moreRight: number) {
  const { champion } = PRESENT;
  let toMend = moreRight;
  const predictions = champion.predictions.map((answer, row) => {
    const label = champion.labels[row] ?? answer;
    if (answer === label || toMend === 0) return answer;
    toMend -= 1;
    return label;
  });
  return { name, predictions: { ...champion, predictions } };
}

function judge(rule: GateRule, ...anchors: ReturnType<typeof earlier>[]) {
  return judgeGate(gateInput([rule], PRESENT, { anchors }));
}

describe('the best champion of the last year', () => {
  test('stops what many small losses have added up to, though the champion of today is no better', () => {
    const { verdict, checks } = judge(RULE, earlier('v3', 100), earlier('v1', 400), earlier('v2', 50));
    expect(verdict).toBe('fail');
    expect(checks.map(({ rule, verdict: said }) => [rule, said])).toEqual([
      ['compare: non-inferior', 'pass'],
      ['compare: anchor', 'fail'],
    ]);
    expect(checks[1]?.reasons[0]?.message).toContain('(champion v1, the best of the last year)');
    expect(checks[1]?.need).toBe('at most 1.0 pp worse');
  });

  test('lets a challenger pass that is within twice the margin of it', () => {
    expect(judge(RULE, earlier('v1', 20)).verdict).toBe('pass');
  });

  test('has a margin of its own where the rule names one', () => {
    const wide: GateRule = { ...RULE, anchorMargin: 0.04 };
    expect(judge(wide, earlier('v1', 400)).verdict).toBe('pass');
  });

  test('has a twelfth of the 5%, so that a year of gates wrongly passes one in twenty lines', () => {
    const [, anchor] = judge(RULE, earlier('v1', 20)).checks;
    expect(anchor?.change?.interval.level).toBeCloseTo(1 - (2 * 0.05) / 12, 12);
  });

  test('is none where no earlier one answers the same question', () => {
    const other = { name: 'v1', predictions: randomMulticlass(20_000, 3, 0.1, 'a') };
    expect(judgeGate(gateInput([RULE], PRESENT, { anchors: [other] })).checks).toHaveLength(1);
    expect(judge(RULE).checks).toHaveLength(1);
  });

  test('is told of where it answers another question', () => {
    const other = { name: 'v1', predictions: randomMulticlass(20_000, 3, 0.1, 'a') };
    const { notes } = gatherEvidence(gateInput([RULE], PRESENT, { anchors: [other, earlier('v2', 20)] }));
    expect(notes).toEqual([
      'Not compared with v1 of the last year: The champion does multiclass and the challenger binary.',
    ]);
  });
});
