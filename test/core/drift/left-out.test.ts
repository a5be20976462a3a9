import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import { findUnknownNames, listLeftOut } from '../../../core/drift/left-out.ts';
import { type ReferenceProfile, referenceProfileSchema } from '../../../core/drift/profile.ts';
import { profileOf, windowOf } from './drift-data.ts';

const DAYS = 30;
/** As many rows as all bins of a feature of the profile hold. */
const ROWS = profileOf(20).rows;

/** Both features of the profile by other names, and what the profile leaves out. */
function profileWith(more: Partial<ReferenceProfile>): ReferenceProfile {
  return referenceProfileSchema.parse({ ...profileOf(20), ...more });
}

describe('what is not watched', () => {
  const windows = Array.from({ length: DAYS }, (_, day) => windowOf(day, { moved: 0.08 }));
  const uncounted = [
    { name: 'customer', as: 'id', declared: false },
    { name: 'ordered_at', as: 'time', declared: true },
  ] as const;

  it('is named, with who said so', () => {
    const profile = profileWith({ leftOut: [...uncounted] });
    expect(listLeftOut(profile, { leaveOut: ['amount', 'customer'] })).toEqual([
      { name: 'customer', why: 'an id, by its values' },
      { name: 'ordered_at', why: 'a time, by trainyard.yml' },
      { name: 'amount', why: 'left out, by trainyard.yml' },
    ]);
    expect(judgeDrift(profile, windows, DEFAULT_DRIFT_OPTIONS).leftOut).toHaveLength(3);
  });

  it('raises no alarm from the day it is left out, and the others are judged as if it were not there', () => {
    const profile = profileWith({});
    const asked = judgeDrift(profile, windows, { ...DEFAULT_DRIFT_OPTIONS, leaveOut: ['amount'] });
    expect(judgeDrift(profile, windows, DEFAULT_DRIFT_OPTIONS).verdict).toBe('fail');
    expect(asked.verdict).toBe('pass');
    expect(asked.features.map(({ name }) => name).toSorted()).toEqual(['age', 'prediction']);
  });

  it('is left out of the fast checks too', () => {
    const gone = Array.from({ length: DAYS }, (_, day) => {
      const window = windowOf(day);
      const { amount } = window.features;
      if (amount === undefined) throw new Error('the window counts it');
      return { ...window, features: { ...window.features, amount: { ...amount, missing: window.n } } };
    });
    const profile = profileWith({});
    const codesOf = (leaveOut: readonly string[]) =>
      judgeFastLane(profile, gone, { ...DEFAULT_FAST_LANE_OPTIONS, leaveOut }).findings.map(
        ({ code }) => code,
      );
    expect(codesOf([])).toEqual(['missing-values']);
    expect(codesOf(['amount'])).toEqual([]);
  });

  it('takes all statistics of a column of texts with it', () => {
    const [first, second] = profileOf(20).features;
    if (first === undefined || second === undefined) throw new Error('the profile has two features');
    const text = (statistic: string) => ({ column: 'review', statistic });
    const features = [
      { ...first, name: 'review/length', kind: 'scalar' as const, text: text('length') },
      { ...second, name: 'review/words', kind: 'scalar' as const, text: text('words') },
    ];
    const asked = { ...DEFAULT_DRIFT_OPTIONS, leaveOut: ['review'] };
    const judged = judgeDrift(profileWith({ features }), windows, asked);
    expect(judged.features.map(({ name }) => name)).toEqual(['prediction']);
    expect(judged.problems.map(({ code }) => code)).not.toContain('unknown-column');
  });

  it('is how columns go together where the next build could watch it, and not where too many rows lack one', () => {
    const named = (share: number) => {
      const features = profileOf(20).features.map((one) => ({ ...one, missing: Math.round(share * ROWS) }));
      return listLeftOut(profileWith({ features }), {}).map(({ name }) => name);
    };
    expect(named(0)).toEqual(['how columns go together']);
    expect(named(0.0009)).toEqual(['how columns go together']);
    expect(named(0.01)).toEqual([]);
  });

  it('is told of where its name is nowhere', () => {
    const profile = profileWith({ leftOut: [...uncounted] });
    const [problem] = findUnknownNames(profile, { leaveOut: ['amuont', 'age', 'customer'] });
    expect(problem?.code).toBe('unknown-column');
    expect(problem?.message).toContain('`amuont`,');
    expect(problem?.message).not.toContain('age');
    expect(findUnknownNames(profile, {})).toEqual([]);
  });
});

describe('categories of which most are rare', () => {
  // 20 common ones hold half of the rows; of the others a third occurs once in the holdout, so a third of live ones is new.
  const common = Array.from({ length: 20 }, (_, index) => `c${index}`);
  const profile = referenceProfileSchema.parse({
    ...profileOf(),
    features: [
      {
        name: 'street',
        kind: 'categorical',
        categories: common,
        rare: Array.from({ length: 4000 }, (_, index) => `r${index}`),
        counts: [...common.map(() => 500), 10_000, 0],
        missing: 0,
        once: 3300,
      },
    ],
  });
  const windowsWith = (rare: number, unseen: number) =>
    Array.from({ length: DAYS }, (_, day) => {
      const counts = [...common.map(() => 50), rare, unseen];
      const features = { street: { counts, missing: 0, below: 0, above: 0, unseen } };
      return windowOf(day, { features });
    });

  it('are no skew, though the holdout could not hold all of them', () => {
    const judged = judgeDrift(profile, windowsWith(670, 330), DEFAULT_DRIFT_OPTIONS);
    expect(judged.features.find(({ name }) => name === 'street')?.alarm).toBeUndefined();
    expect(judged.verdict).not.toBe('fail');
  });

  it('are skew where the common ones give way to them', () => {
    const judged = judgeDrift(profile, windowsWith(1600, 1400), DEFAULT_DRIFT_OPTIONS);
    const street = judged.features.find(({ name }) => name === 'street');
    expect(street?.alarm?.kind).toBe('skew');
    expect(street?.movedBins[0]?.bin).toBe('all others');
  });
});
