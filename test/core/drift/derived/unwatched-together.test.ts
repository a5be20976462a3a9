import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../../core/drift/judge-drift.ts';
import { listLeftOut } from '../../../../core/drift/left-out.ts';
import { type ReferenceProfile, referenceProfileSchema } from '../../../../core/drift/profile.ts';
import { profileOf, windowOf } from '../drift-data.ts';

const NAME = 'how columns go together';
const NONE = { name: NAME, why: 'no direction is watched' };
const COLUMNS = ['amount', 'age', 'income', 'ordered_at'];

/** The profile of tests with four columns, and directions through these of them. */
function profileWith(directions: Readonly<Record<string, readonly string[]>>): ReferenceProfile {
  const base = profileOf(20);
  const [amount] = base.features;
  const along = Object.entries(directions).map(([name, columns]) => {
    const scores = columns.map(() => Array.from({ length: 10 }, (_, bin) => 100 * bin - 450));
    return { ...amount, name: `together/${name}`, kind: 'projection', together: { columns, scores } };
  });
  const columns = COLUMNS.map((name) => ({ ...amount, name }));
  return referenceProfileSchema.parse({ ...base, features: [...columns, ...along] });
}

/** What is said of how columns go together, where these are left out. */
const saidOf = (profile: ReferenceProfile, leaveOut: readonly string[] = []) =>
  listLeftOut(profile, { leaveOut }).filter(({ name }) => name === NAME);

describe('how columns go together', () => {
  const profile = profileWith({ 'amount~age': ['amount', 'age'], 'all-1': COLUMNS, 'all-2': COLUMNS });

  it('is watched, of which nothing is to be said', () => {
    expect(saidOf(profile)).toEqual([]);
  });

  it('is not watched through a column that is left out, which switches off what it has with the others', () => {
    expect(saidOf(profile, ['ordered_at'])).toEqual([
      { name: NAME, why: 'through `ordered_at`; the next build watches the rest' },
    ]);
    expect(saidOf(profile, ['ordered_at', 'income'])).toEqual([
      { name: NAME, why: 'through `ordered_at` and `income`; the next build watches the rest' },
    ]);
    expect(listLeftOut(profile, { leaveOut: ['ordered_at'] })).toContainEqual({
      name: 'ordered_at',
      why: 'left out, by trainyard.yml',
    });
  });

  it('has no rest where one column at most is left, nor of a pair', () => {
    expect(saidOf(profile, ['ordered_at', 'income', 'age'])).toEqual([]);
    expect(
      saidOf(profileWith({ 'amount~age': ['amount', 'age'], 'all-1': ['age', 'income'] }), ['amount']),
    ).toEqual([]);
  });

  it('is said not to be watched where no direction is, and not for how long or why', () => {
    const windows = Array.from({ length: 24 }, (_, day) => windowOf(day));
    const drift = judgeDrift(profileOf(20), windows, DEFAULT_DRIFT_OPTIONS);
    expect([drift.verdict, drift.leftOut]).toEqual(['pass', [NONE]]);
    expect(saidOf(profileWith({ 'amount~age': ['amount', 'age'] }), ['amount'])).toEqual([NONE]);
  });

  it('is nothing where there are no two columns that vary and are watched', () => {
    const { features, ...rest } = profileOf(20);
    expect(saidOf({ ...rest, features: features.slice(0, 1) })).toEqual([]);
    expect(saidOf(profileOf(20), ['age'])).toEqual([]);
  });
});
