import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../../core/drift/judge-drift.ts';
import { referenceProfileSchema } from '../../../../core/drift/profile.ts';
import { profileOf, tenBins, windowOf } from '../drift-data.ts';

const PAIR = 'together/amount~age';
const SLICE = 'slice/region=north';
const DAYS = 40;
const CLEAN = { missing: 0, below: 0, above: 0, unseen: 0 };
const [MILD, GROSS] = [0.07, 0.09];

const base = profileOf(20);
const [amount] = base.features;
const columns = ['amount', 'age'];
const scores = columns.map(() => Array.from({ length: 10 }, (_, bin) => 100 * bin - 450));
const ofSlice = { slice: { column: 'region', value: 'north', of: 'answers' } };
const profile = referenceProfileSchema.parse({
  ...base,
  features: [
    ...base.features,
    { ...amount, name: PAIR, kind: 'projection', together: { columns, scores } },
    { ...amount, name: SLICE, ...ofSlice },
  ],
});

/** From which day on something has moved, up to which, and how far. */
type Move = { readonly from: number; readonly until?: number; readonly by: number };
type Moves = Readonly<Record<'amount' | 'derived', Move>>;

function judge(moves: Moves) {
  const windows = Array.from({ length: DAYS }, (_, day) => {
    const by = (of: keyof Moves) => {
      const { from, until = DAYS, by } = moves[of];
      return day >= from && day < until ? by : 0;
    };
    const window = windowOf(day, { moved: by('amount') });
    const counted = { counts: tenBins(window.n, by('derived')), ...CLEAN };
    return { ...window, features: { ...window.features, [PAIR]: counted, [SLICE]: counted } };
  });
  return judgeDrift(profile, windows, DEFAULT_DRIFT_OPTIONS);
}

const told = (moves: Moves) =>
  judge(moves)
    .reasons.map(({ metric }) => metric)
    .toSorted();

describe('what is derived', () => {
  it('is no second finding where it began with a column that drifts', () => {
    expect(told({ amount: { from: 10, by: GROSS }, derived: { from: 10, by: GROSS } })).toEqual(['amount']);
  });

  it('is none either where its alarm came three batches later, as an alarm waits for evidence', () => {
    expect(told({ amount: { from: 10, by: GROSS }, derived: { from: 13, by: GROSS } })).toEqual(['amount']);
  });

  it('is news of its own where it began later, however long the column has drifted', () => {
    const later = { amount: { from: 10, by: MILD }, derived: { from: 14, by: GROSS } };
    expect(told(later)).toEqual(['amount', SLICE, PAIR]);
    expect(judge(later).features.filter(({ movedWith }) => movedWith !== undefined)).toEqual([]);
  });

  it('is none after the column is back either, for as long as what began with it stands', () => {
    const amount = { from: 10, until: 20, by: GROSS };
    expect(told({ amount, derived: { from: 10, by: GROSS } })).toEqual([]);
    expect(told({ amount, derived: { from: 12, by: GROSS } })).toEqual([]);
    expect(told({ amount, derived: { from: 25, by: GROSS } })).toEqual([SLICE, PAIR]);
  });

  it('is no second finding where the column follows', () => {
    expect(told({ amount: { from: 20, by: GROSS }, derived: { from: 10, by: GROSS } })).toEqual(['amount']);
  });
});

describe('the severity', () => {
  it('is that of what is told', () => {
    const { severity, features } = judge({
      amount: { from: 10, by: MILD },
      derived: { from: 10, by: GROSS },
    });
    expect(features.find(({ name }) => name === PAIR)?.severity).toBe('act');
    expect(severity).toBe('warn');
    const later = judge({ amount: { from: 10, by: MILD }, derived: { from: 20, by: GROSS } });
    expect(later.severity).toBe('act');
  });
});
