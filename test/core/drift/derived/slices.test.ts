import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../../../core/drift/judge-drift.ts';
import { referenceProfileSchema } from '../../../../core/drift/profile.ts';
import { listDerived } from '../../../../core/drift/together.ts';
import { decideMonitor } from '../../../../core/monitor/decide-monitor.ts';
import { sumDays } from '../../../../core/monitor/evidence/sum-days.ts';
import { sayVerdict } from '../../../../core/monitor/page/say-verdict.ts';
import { input } from '../../monitor/support.ts';
import { profileOf, windowOf } from '../drift-data.ts';

const SLICE = 'slice/region=north';
const CLEAN = { missing: 0, below: 0, above: 0, unseen: 0 };
const base = profileOf(20);
const blocks = Array.from({ length: 20 }, (_, day) => [240 + (day % 2), 160 - (day % 2), 0, 0]);

/** As the runtime writes it of a declared slice: the classes in the form of categories. */
const profile = referenceProfileSchema.parse({
  ...base,
  features: [
    ...base.features,
    {
      ...{
        name: SLICE,
        kind: 'categorical',
        categories: ['no', 'yes'],
        counts: [4800, 3200, 0, 0],
        missing: 0,
      },
      ...{ slice: { column: 'region', value: 'north', of: 'answers' }, blocks },
    },
  ],
});

/** The same without days, of which what is usual has yet to be learnt. */
const young = referenceProfileSchema.parse({
  ...profileOf(),
  features: [...profileOf().features, { ...profile.features[2], blocks: undefined }],
});

/** Days on which a north of 800 rows is answered `yes` so often, and `amount` moved so far. */
function daysOf(yes: number, moved = 0) {
  return Array.from({ length: 24 }, (_, day) => {
    const window = windowOf(day, { moved });
    const north = { counts: [800 - yes, yes, 0, 0], ...CLEAN };
    return { ...window, features: { ...window.features, [SLICE]: north } };
  });
}

describe('answers in one slice that change', () => {
  const drift = judgeDrift(profile, daysOf(520), DEFAULT_DRIFT_OPTIONS);

  it('are told by the slice, though all answers together look as ever', () => {
    expect(drift.reasons.map(({ metric }) => metric)).toEqual([SLICE]);
    expect(drift.explanation).toContain('the answers where region is north');
    const asked = input({ drift });
    expect(sayVerdict(decideMonitor(asked), asked).sentence).toMatch(/^The answers where region is north /);
  });

  it('are no alarm while they are as they were', () => {
    expect(judgeDrift(profile, daysOf(320), DEFAULT_DRIFT_OPTIONS).verdict).toBe('pass');
  });

  it('are told only from `act` on while usual days are not known: few rows of a slice differ by chance', () => {
    const told = (yes: number) => judgeDrift(young, daysOf(yes).slice(0, 5), DEFAULT_DRIFT_OPTIONS).verdict;
    expect(told(500)).toBe('inconclusive');
    expect(told(540)).toBe('fail');
  });

  it('are no second finding where an input has drifted', () => {
    const { reasons, features } = judgeDrift(profile, daysOf(520, 0.09), DEFAULT_DRIFT_OPTIONS);
    expect(reasons.map(({ metric }) => metric)).toEqual(['amount']);
    expect(features.find(({ name }) => name === SLICE)?.movedWith).toEqual(['amount']);
  });

  it('are not judged where the column is left out', () => {
    const options = { ...DEFAULT_DRIFT_OPTIONS, leaveOut: ['region'] };
    expect(judgeDrift(profile, daysOf(520), options).verdict).toBe('pass');
  });

  it('are no values of an input, and move none', () => {
    expect(sumDays(daysOf(520), listDerived(profile))[0]?.cells).toBe(4000);
    expect(judgeFastLane(profile, daysOf(520), DEFAULT_FAST_LANE_OPTIONS).findings).toEqual([]);
    const found = { code: 'constant-prediction', metric: 'prediction', message: 'All the same.' };
    const fastLane = { verdict: 'fail', detectors: 1, rows: 9, from: '2026-03-01T00:00:00Z' } as const;
    const asked = input({
      drift,
      fastLane: { ...fastLane, findings: [{ ...found, since: '2026-03-02T00:00:00Z' }] },
    });
    expect(decideMonitor(asked).codes).toContain('constant-prediction');
  });
});
