import { describe, expect, test } from 'vitest';
import type { Check } from '../../../core/gate/check.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import type { Predictions } from '../../../core/gate/predictions.ts';
import type { GateRule, SlicesRule } from '../../../core/gate/rules/rule.ts';
import { binaryModels, binaryPredictions, gateInput, type Rightness } from './samples.ts';

/** Two models whose answers are counted slice by slice. */
function slicedModels(slices: Readonly<Record<string, Rightness>>): {
  champion: Predictions;
  challenger: Predictions;
} {
  const parts = Object.entries(slices).map(([name, counts]) => ({ name, ...binaryModels(counts) }));
  const names = parts.flatMap(({ name, champion }) => champion.ids.map(() => name));
  const join = (who: 'champion' | 'challenger'): Predictions => {
    const labels = Float64Array.from(parts.flatMap((part) => [...part[who].labels]));
    const answers = Float64Array.from(parts.flatMap((part) => [...part[who].predictions]));
    return { ...binaryPredictions(labels, answers), slices: { city: names } };
  };
  return { champion: join('champion'), challenger: join('challenger') };
}

function judge(rule: Partial<SlicesRule>, slices: Readonly<Record<string, Rightness>>): Check | undefined {
  const whole: GateRule = {
    kind: 'slices',
    metric: 'accuracy',
    column: 'city',
    policy: 'guard',
    margin: 0,
    ...rule,
  };
  return judgeGate(gateInput([whole], slicedModels(slices))).checks[0];
}

const EQUAL: Rightness = { both: 180, onlyChampion: 6, onlyChallenger: 6, neither: 8 };
const SOMEWHAT_WORSE: Rightness = { both: 170, onlyChampion: 12, onlyChallenger: 3, neither: 15 };
const MUCH_WORSE: Rightness = { both: 150, onlyChampion: 30, onlyChallenger: 2, neither: 18 };
const TINY: Rightness = { both: 5, onlyChampion: 9, onlyChallenger: 0, neither: 0 };

function many(count: number, counts: Rightness): Record<string, Rightness> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`city-${index}`, counts]));
}

describe('guard slices', () => {
  test('block on proof of harm and name the slice, worst reasons first', () => {
    const check = judge({}, { ...many(5, EQUAL), Berlin: MUCH_WORSE });
    expect(check).toMatchObject({
      verdict: 'fail',
      reasons: [{ code: 'slice-worse', sampleSize: 200, observed: -0.14 }],
    });
    expect(check?.reasons[0]?.message).toMatch(
      /^accuracy where city = Berlin: 76\.0% against 90\.0% on 200 rows, −14\.0 pp \[/,
    );
    expect(check?.slices?.filter(({ verdict }) => verdict === 'fail').map(({ slice }) => slice)).toEqual([
      'Berlin',
    ]);
  });

  test('correct for their number: what is proof in one slice is none in twenty', () => {
    expect(judge({}, { Berlin: SOMEWHAT_WORSE })?.verdict).toBe('fail');
    const among = judge({}, { ...many(19, EQUAL), Berlin: SOMEWHAT_WORSE });
    expect(among?.verdict).toBe('pass');
    expect(among?.slices?.find(({ slice }) => slice === 'Berlin')?.adjustedP).toBeGreaterThan(0.05);
  });

  test('of several rules are corrected together', () => {
    const rule = (column: string): GateRule => ({
      kind: 'slices',
      metric: 'accuracy',
      column,
      policy: 'guard',
      margin: 0,
    });
    const models = slicedModels({ Berlin: SOMEWHAT_WORSE, Paris: EQUAL });
    const twice = (model: Predictions): Predictions => ({
      ...model,
      slices: { ...model.slices, other: model.ids.map((_, row) => `part-${row % 10}`) },
    });
    const both = { champion: twice(models.champion), challenger: twice(models.challenger) };
    const alone = judgeGate(gateInput([rule('city')], both)).checks[0];
    const together = judgeGate(gateInput([rule('other'), rule('city')], both)).checks[1];
    expect(alone?.verdict).toBe('fail');
    expect(together?.verdict).toBe('pass');
  });

  test('allow harm up to the margin', () => {
    expect(judge({ margin: 0.02 }, { Berlin: SOMEWHAT_WORSE, Paris: EQUAL })?.verdict).toBe('pass');
    expect(judge({ margin: 0.02 }, { Berlin: MUCH_WORSE, Paris: EQUAL })?.verdict).toBe('fail');
  });

  test('under thirty rows are reported and never judged', () => {
    const check = judge({}, { Berlin: EQUAL, Village: TINY });
    expect(check?.verdict).toBe('pass');
    expect(check?.slices).toMatchObject([
      { slice: 'Berlin', verdict: 'pass' },
      { slice: 'Village', rows: 14 },
    ]);
    expect(check?.slices?.[1]).not.toHaveProperty('verdict');
    expect(check?.reasons[0]?.message).toContain('1 too small to judge');
  });

  test('that are all too small are inconclusive', () => {
    expect(judge({}, { Village: TINY, Hamlet: TINY })).toMatchObject({
      verdict: 'inconclusive',
      reasons: [{ code: 'no-slice-large-enough' }],
    });
  });

  test('work for any metric, by the bootstrap', () => {
    expect(judge({ metric: 'f1' }, { Berlin: MUCH_WORSE, Paris: EQUAL })?.verdict).toBe('fail');
    expect(judge({ metric: 'log-loss' }, { Berlin: MUCH_WORSE, Paris: EQUAL })?.verdict).toBe('fail');
    expect(judge({ metric: 'f1' }, { Berlin: EQUAL, Paris: EQUAL })?.verdict).toBe('pass');
  });
});

describe('guard slices of many rules and values', () => {
  const guard = (metric: string): GateRule => ({
    kind: 'slices',
    metric,
    column: 'city',
    policy: 'guard',
    margin: 0.005,
  });
  const WRONG: Rightness = { both: 0, onlyChampion: 180, onlyChallenger: 0, neither: 20 };
  const NONE: Rightness = { both: 180, onlyChampion: 0, onlyChallenger: 0, neither: 20 };

  test('see the one slice that is all wrong, whatever the number of tests that share the error', () => {
    const rules = ['f1', 'recall', 'precision'].map(guard);
    const { checks } = judgeGate(gateInput(rules, slicedModels({ ...many(99, NONE), Berlin: WRONG })));
    expect(checks.map(({ verdict }) => verdict)).toEqual(['fail', 'fail', 'fail']);
    const adjusted = checks.map(({ slices }) => slices?.find(({ slice }) => slice === 'Berlin')?.adjustedP);
    for (const p of adjusted) expect(p).toBeLessThanOrEqual(0.03);
  });

  test('say that they have no power where more slices share the error than any draws can serve', () => {
    const city = Array.from({ length: 30 * 10_001 }, (_, row) => `${Math.floor(row / 30)}`);
    const labels = Float64Array.from(city, (_, row) => row % 2);
    const model = { ...binaryPredictions(labels, labels), slices: { city } };
    const { checks } = judgeGate(gateInput([guard('accuracy')], { champion: model, challenger: model }));
    expect(checks[0]).toMatchObject({
      verdict: 'inconclusive',
      reasons: [{ code: 'guard-without-power' }],
    });
  });
});

test.each([
  [50, 0, 'fail'],
  [50, 48, 'fail'],
  [50, 49, 'pass'],
  [1, 0, 'pass'],
  [0.5, 0, 'pass'],
] as const)(
  'errors that are all 1 and become all %f are harm beyond %f where they are: %s',
  (error, margin, verdict) => {
    const labels = Float64Array.from({ length: 400 }, (_, row) => row);
    const off = (by: number): Predictions => ({
      ...{ task: 'regression', classes: [], scores: [], groups: undefined, labels },
      ids: Array.from(labels, String),
      slices: { city: Array.from(labels, () => 'Berlin') },
      predictions: labels.map((label) => label + by),
    });
    const rule = { kind: 'slices', metric: 'mae', column: 'city', policy: 'guard', margin } as const;
    expect(judgeGate(gateInput([rule], { champion: off(1), challenger: off(error) })).verdict).toBe(verdict);
  },
);

test('a slice in which the challenger alone has no value is open under guard, and no small one', () => {
  const models = slicedModels({ Berlin: EQUAL, Paris: EQUAL });
  const { challenger } = models;
  const scores = challenger.scores.map((column, index) =>
    column.map((score, row) =>
      challenger.slices['city']?.[row] === 'Paris' ? ([0.4, 0.6][index] ?? 0) : score,
    ),
  );
  const rule = { kind: 'slices', metric: 'roc-auc', column: 'city', policy: 'guard', margin: 0 } as const;
  const [check] = judgeGate(gateInput([rule], { ...models, challenger: { ...challenger, scores } })).checks;
  expect(check).toMatchObject({
    verdict: 'inconclusive',
    reasons: [{ code: 'slice-without-value', sampleSize: 200 }],
    toSettle: 'roc-auc: answers of the challenger that it has a value of, where city is Paris.',
  });
  expect(check?.slices?.map(({ slice, verdict }) => [slice, verdict])).toEqual([
    ['Berlin', 'pass'],
    ['Paris', 'inconclusive'],
  ]);
});

describe('must-hold slices', () => {
  const HOLDS: Rightness = { both: 1900, onlyChampion: 12, onlyChallenger: 14, neither: 74 };

  test('pass only when every one is shown to hold', () => {
    expect(judge({ policy: 'must-hold', margin: 0.02 }, { Berlin: HOLDS, Paris: HOLDS })?.verdict).toBe(
      'pass',
    );
    const open = judge({ policy: 'must-hold', margin: 0.02 }, { Berlin: HOLDS, Paris: EQUAL });
    expect(open).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'slice-not-settled' }] });
    expect(open?.toSettle).toBe(
      'accuracy: more holdout rows where city is Paris, or a wider margin for these slices.',
    );
  });

  test('fail when one is shown worse', () => {
    const check = judge({ policy: 'must-hold', margin: 0.02 }, { Berlin: HOLDS, Paris: MUCH_WORSE });
    expect(check).toMatchObject({ verdict: 'fail', reasons: [{ code: 'slice-worse' }] });
  });

  test('that are too small to show it are inconclusive', () => {
    const check = judge({ policy: 'must-hold', margin: 0.02 }, { Berlin: HOLDS, Village: TINY });
    expect(check).toMatchObject({
      verdict: 'inconclusive',
      reasons: [{ code: 'slice-too-small', sampleSize: 14 }],
    });
  });
});

test('rows without a value in the column are a slice of their own', () => {
  const check = judge({}, { '': EQUAL, Paris: EQUAL });
  expect(check?.slices?.map(({ slice }) => slice)).toEqual(['(missing)', 'Paris']);
});
