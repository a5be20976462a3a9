import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../../core/drift/drift-options.ts';
import type { AccuracyEstimate } from '../../../../core/drift/estimate-accuracy.ts';
import { judgeDrift } from '../../../../core/drift/judge-drift.ts';
import { type ReferenceProfile, referenceProfileSchema } from '../../../../core/drift/profile.ts';
import { decideMonitor } from '../../../../core/monitor/decide-monitor.ts';
import { sayLosses } from '../../../../core/monitor/page/say-losses.ts';
import { reportMonitor } from '../../../../core/monitor/report-monitor.ts';
import { profileOf, tenBins, windowOf } from '../../drift/drift-data.ts';
import { input } from '../support.ts';

const ROWS_A_BIN = 2000;
const GOOD = 0.95;

/** The profile of tests, whose last bin of each feature is right so often; nothing is said of one without. */
function profileWith(lastBin: Readonly<Record<string, number>>): ReferenceProfile {
  const base = profileOf(20);
  const features = base.features.map((feature) => {
    const last = lastBin[feature.name];
    if (last === undefined) return feature;
    const right = feature.counts.map((_, bin) => ROWS_A_BIN * (bin === 9 ? last : GOOD));
    return { ...feature, right };
  });
  return referenceProfileSchema.parse({ ...base, features });
}

function driftOf(lastBin: Readonly<Record<string, number>>, moved: number, age = 0) {
  const windows = Array.from({ length: 24 }, (_, day) => {
    const window = windowOf(day, { moved });
    const counted = { counts: tenBins(window.n, age), missing: 0, below: 0, above: 0, unseen: 0 };
    return { ...window, features: { ...window.features, age: counted } };
  });
  return judgeDrift(profileWith(lastBin), windows, DEFAULT_DRIFT_OPTIONS);
}

const estimate = (accuracy: number): AccuracyEstimate => ({
  ...{ kind: 'estimate', accuracy, reference: 0.9, rows: 5000, explanation: 'Accuracy is estimated.' },
  interval: { low: accuracy - 0.01, high: accuracy + 0.01, level: 0.95 },
});

describe('the shift that goes with the loss', () => {
  it('is named first, with its part of the estimated loss, and as no cause', () => {
    const drift = driftOf({ amount: 0.55, age: 0.75 }, 0.05, 0.04);
    expect(sayLosses({ drift, accuracy: estimate(0.875) })).toBe(
      'Most of the estimated loss goes with `amount` (−2.0 points of −2.5), then `age` (−0.8). ' +
        'The parts are of 24 Mar, the estimate of up to 5 weeks. ' +
        'This is what goes together, not what causes it: the shift of each alone, if its bins were answered right as often as in training. What shifts together counts for each.',
    );
    expect(sayLosses({ drift, accuracy: estimate(0.85) })).toMatch(
      /^Of the estimated loss the largest part goes with `amount` \(−2\.0 points of −5\.0\)/,
    );
  });

  it('is told of what has drifted where accuracy is not estimated for that reason, and reaches the issue', () => {
    const drift = driftOf({ amount: 0.55, age: 0.75 }, 0.09);
    const said = sayLosses({ drift });
    expect(said).toMatch(
      /^Of what has shifted, `amount` goes with a loss of accuracy \(−3\.6 points\)\. The points are of 24 Mar\. /,
    );
    const asked = input({ drift });
    expect(reportMonitor(decideMonitor(asked), asked)).toContainEqual({ kind: 'paragraph', text: said });
  });

  it('is said to be none where the bins that come more often were answered right as often', () => {
    expect(sayLosses({ drift: driftOf({ amount: GOOD }, 0.09) })).toMatch(
      /^No loss of accuracy beyond chance goes with `amount`: .* labels tell\.$/,
    );
  });
});

describe('a part that is larger than the whole', () => {
  it('is no part of it: the last days may have lost more than all weeks together', () => {
    const said = sayLosses({
      drift: driftOf({ amount: 0.55, age: 0.75 }, 0.05, 0.04),
      accuracy: estimate(0.885),
    });
    expect(said).toMatch(
      /^What goes most with the estimated loss is `amount` \(−2\.0 points\), then `age` \(−0\.8\)\. The points are of 24 Mar, the estimate of up to 5 weeks\. /,
    );
    expect(said).not.toContain('of −');
  });
});

describe('days', () => {
  it('are all of a batch that took several, and of parts that are of several', () => {
    const drift = driftOf({ amount: 0.55, age: 0.75 }, 0.05, 0.04);
    const features = drift.features.map((feature) => {
      const last = feature.last && { ...feature.last, from: '2026-03-22T00:00:00.000Z' };
      return feature.name === 'age' && last !== undefined ? { ...feature, last } : feature;
    });
    expect(sayLosses({ drift: { ...drift, features }, accuracy: estimate(0.875) })).toContain(
      'The parts are of 24 Mar and 22 Mar to 24 Mar, ',
    );
  });
});

describe('what chance makes', () => {
  const one = driftOf({ amount: 0.55 }, 0.09);
  const first = one.features.find(({ contribution }) => contribution !== undefined);
  if (first?.contribution === undefined) throw new Error('the profile says what was right');
  const { contribution } = first;
  /** So many features that all are as far from none as this, in standard errors. */
  const among = (count: number, errors: number) => ({
    ...one,
    features: Array.from({ length: count }, (_, at) => ({
      ...{ ...first, name: `f${at}` },
      contribution: { ...contribution, error: -contribution.change / errors },
    })),
  });

  it.each([
    ['one feature', 1, 1.6, 1.7],
    ['ten features', 10, 2.5, 2.6],
    ['a hundred features', 100, 3.2, 3.4],
  ])('among %s is no loss that is told', (_, count, within, beyond) => {
    const said = (errors: number) => sayLosses({ drift: among(count, errors) });
    expect(said(within)).toMatch(/^No loss of accuracy beyond chance goes with /);
    expect(said(beyond)).toMatch(/ of accuracy \(−/);
  });
});

describe('nothing is said', () => {
  it.each([
    ['while nothing has shifted and accuracy is as it was', driftOf({ amount: 0.55 }, 0), estimate(0.9)],
    ['of a profile that does not know what was right', driftOf({}, 0.09), undefined],
  ])('%s', (_, drift, accuracy) => {
    expect(sayLosses({ drift, ...(accuracy && { accuracy }) })).toBeUndefined();
  });
});
