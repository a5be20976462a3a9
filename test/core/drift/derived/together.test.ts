import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../../../core/drift/judge-drift.ts';
import { type ReferenceProfile, referenceProfileSchema } from '../../../../core/drift/profile.ts';
import { derivationOf, listDerived, sayDerived } from '../../../../core/drift/together.ts';
import type { CaptureWindow } from '../../../../core/drift/window.ts';
import { decideMonitor } from '../../../../core/monitor/decide-monitor.ts';
import { sumDays } from '../../../../core/monitor/evidence/sum-days.ts';
import { sumInputs } from '../../../../core/monitor/evidence/sum-inputs.ts';
import { sayVerdict } from '../../../../core/monitor/page/say-verdict.ts';
import { reportMonitor } from '../../../../core/monitor/report-monitor.ts';
import { input } from '../../monitor/support.ts';
import { profileOf, tenBins, windowOf } from '../drift-data.ts';

const PAIR = 'together/amount~age';
const COLUMNS = ['amount', 'age'];
const DAYS = 24;

/** The profile of tests, with a direction through both of its columns. */
function profileWith(days: number): ReferenceProfile {
  const base = profileOf(days);
  const [amount] = base.features;
  const scores = COLUMNS.map(() => Array.from({ length: 10 }, (_, bin) => 100 * bin - 450));
  const pair = { ...amount, name: PAIR, kind: 'projection', together: { columns: COLUMNS, scores } };
  return referenceProfileSchema.parse({ ...base, features: [...base.features, pair] });
}

/** Days on which the pair, and `amount` by itself, moved so far. */
function daysOf({ pair = 0, amount = 0 }: { readonly pair?: number; readonly amount?: number }) {
  return Array.from({ length: DAYS }, (_, day): CaptureWindow => {
    const window = windowOf(day, { moved: amount });
    const counted = { counts: tenBins(window.n, pair), missing: 0, below: 0, above: 0, unseen: 0 };
    return { ...window, features: { ...window.features, [PAIR]: counted } };
  });
}

const judge = (windows: readonly CaptureWindow[], days = 20) =>
  judgeDrift(profileWith(days), windows, DEFAULT_DRIFT_OPTIONS);

describe('columns that go together otherwise, while each stays as it was', () => {
  const drift = judge(daysOf({ pair: 0.09 }));

  it('are told, by what people call it', () => {
    expect(drift.verdict).toBe('fail');
    expect(drift.explanation).toBe(
      '1 of 4 histograms differed from training from the first batch on (skew): how amount and age go together.',
    );
    expect(drift.reasons).toMatchObject([{ metric: PAIR, code: 'skew' }]);
    expect(drift.reasons[0]?.message).toMatch(/^how amount and age go together: PSI 0\.\d\d \[/);
    expect(drift.reasons[0]?.message).not.toContain('bins that moved');
  });

  it('are told in the issue and on the page by those words', () => {
    const asked = input({ drift });
    const decision = decideMonitor(asked);
    expect(decision.codes).toEqual([`skew:${PAIR}`]);
    expect(sayVerdict(decision, asked).sentence).toBe(
      'How amount and age go together never looked like training since this version serves.',
    );
    const said = JSON.stringify(reportMonitor(decision, asked));
    expect(said).toContain('how amount and age go together');
    expect(said).not.toContain(`"text":"${PAIR}"`);
  });

  it('are no alarm while they go together as ever', () => {
    expect(judge(daysOf({})).verdict).toBe('pass');
  });
});

describe('a column that has drifted by itself', () => {
  const drift = judge(daysOf({ pair: 0.09, amount: 0.09 }));

  it('explains what it moves together with others, which is no second finding', () => {
    expect(drift.features.filter(({ verdict }) => verdict === 'fail')).toHaveLength(2);
    expect(drift.reasons.map(({ metric }) => metric)).toEqual(['amount']);
    expect(drift.explanation).toMatch(/^1 of 4 histograms .*: `amount`\.$/);
    expect(drift.features.find(({ name }) => name === PAIR)?.movedWith).toEqual(['amount']);
    expect(decideMonitor(input({ drift })).codes).toEqual(['skew:amount']);
  });
});

describe('while usual days are not known', () => {
  it('a direction is told only from `act` on: columns that wander move it by more than themselves', () => {
    const told = (pair: number) => judge(daysOf({ pair }).slice(0, 5), 0).verdict;
    expect(told(0.07)).toBe('inconclusive');
    expect(told(0.09)).toBe('fail');
    const column = daysOf({ amount: 0.07 }).slice(0, 5);
    expect(judge(column, 0).verdict).toBe('fail');
  });
});

describe('what is counted of several columns', () => {
  it('is no value of an input: cells, their health and the fast checks are of columns alone', () => {
    const strange = daysOf({}).map((window) => {
      const pair = window.features[PAIR];
      if (pair === undefined) throw new Error('the window counts it');
      return { ...window, features: { ...window.features, [PAIR]: { ...pair, above: window.n } } };
    });
    expect(sumDays(strange, listDerived(profileWith(20)))[0]).toMatchObject({ cells: 4000, outside: 0 });
    expect(sumInputs(profileWith(20), strange).map(({ name }) => name)).toEqual(['amount', 'age']);
    expect(judgeFastLane(profileWith(20), strange, DEFAULT_FAST_LANE_OPTIONS).findings).toEqual([]);
  });

  it('is left out with any of its columns', () => {
    const options = { ...DEFAULT_DRIFT_OPTIONS, leaveOut: ['age'] };
    const names = judgeDrift(profileWith(20), daysOf({}), options).features.map(({ name }) => name);
    expect(names.toSorted()).toEqual(['amount', 'prediction']);
  });
});

describe('names', () => {
  it.each([
    ['together/a~b', ['a', 'b'], 'how a and b go together'],
    ['together/all-2~b', ['all-2', 'b'], 'how all-2 and b go together'],
    ['together/all-2', ['a', 'b'], 'how the 2 columns go together (2)'],
    ['together/all-3', ['a', 'b', 'c'], 'how the 3 columns go together (3)'],
  ])('%s through %s is %s', (name, columns, said) => {
    const [amount] = profileOf().features;
    if (amount === undefined) throw new Error('the profile has features');
    const direction = { ...amount, name, together: { columns, scores: [] } };
    expect(sayDerived(direction)).toBe(said);
    expect(sayDerived(amount)).toBeUndefined();
    expect([direction, amount].map(derivationOf)).toEqual(['together', undefined]);
  });
});

describe('the format', () => {
  it('has a score list for each column', () => {
    const [amount] = profileOf().features;
    const parse = (scores: readonly number[][]) =>
      referenceProfileSchema.safeParse({
        ...profileOf(),
        features: [{ ...amount, together: { columns: COLUMNS, scores } }],
      }).success;
    expect(parse([[1], [2]])).toBe(true);
    expect(parse([[1]])).toBe(false);
  });
});
