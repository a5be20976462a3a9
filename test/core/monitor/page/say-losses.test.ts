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
        'This is what goes together, not what causes it: the shift of each alone, if its bins were answered right as often as in training. What shifts together counts for each.',
    );
    expect(sayLosses({ drift, accuracy: estimate(0.85) })).toMatch(
      /^Of the estimated loss the largest part goes with `amount` \(−2\.0 points of −5\.0\)/,
    );
  });

  it('is told of what has drifted where accuracy is not estimated for that reason, and reaches the issue', () => {
    const drift = driftOf({ amount: 0.55, age: 0.75 }, 0.09);
    const said = sayLosses({ drift });
    expect(said).toMatch(/^Of what has shifted, `amount` goes with a loss of accuracy \(−3\.6 points\)\. /);
    const asked = input({ drift });
    expect(reportMonitor(decideMonitor(asked), asked)).toContainEqual({ kind: 'paragraph', text: said });
  });

  it('is said to be none where the bins that come more often were answered right as often', () => {
    expect(sayLosses({ drift: driftOf({ amount: GOOD }, 0.09) })).toMatch(
      /^No loss of accuracy goes with `amount`: .* labels tell\.$/,
    );
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
