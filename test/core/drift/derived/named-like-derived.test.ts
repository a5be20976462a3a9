import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../../../core/drift/judge-drift.ts';
import { type ReferenceProfile, referenceProfileSchema } from '../../../../core/drift/profile.ts';
import { listDerived } from '../../../../core/drift/together.ts';
import type { CaptureWindow } from '../../../../core/drift/window.ts';
import { decideMonitor } from '../../../../core/monitor/decide-monitor.ts';
import { sumDays } from '../../../../core/monitor/evidence/sum-days.ts';
import { sumInputs } from '../../../../core/monitor/evidence/sum-inputs.ts';
import { input, ledgerOf, PACKAGE } from '../../monitor/support.ts';
import { profileOf, tenBins, windowOf } from '../drift-data.ts';

/** What the runtime names statistics of a tensor by: the tensor, then the statistic. */
const NAMES = ['slice/brightness', 'together/brightness'];
const DAYS = 24;

function profileWith(): ReferenceProfile {
  const base = profileOf(20);
  const [amount] = base.features;
  const pictures = NAMES.map((name) => ({ ...amount, name, kind: 'scalar' }));
  return referenceProfileSchema.parse({ ...base, features: [...base.features, ...pictures] });
}

/** Days on which the pictures moved so far, and so many of their rows came with nothing or beyond all that training held. */
function daysOf({ picture = 0, amount = 0, bad = 0 }): readonly CaptureWindow[] {
  return Array.from({ length: DAYS }, (_, day) => {
    const window = windowOf(day, { moved: amount });
    const counted = { counts: tenBins(window.n, picture), missing: bad, below: 0, above: bad, unseen: 0 };
    const pictures = Object.fromEntries(NAMES.map((name) => [name, counted]));
    return { ...window, features: { ...window.features, ...pictures } };
  });
}

describe.each(NAMES)('an input that is called %s', (name) => {
  const profile = profileWith();

  it('keeps its checks of the fast lane', () => {
    const { findings } = judgeFastLane(profile, daysOf({ bad: 300 }), DEFAULT_FAST_LANE_OPTIONS);
    const codes = findings.filter(({ metric }) => metric === name).map(({ code }) => code);
    expect(codes).toEqual(['missing-values', 'out-of-range']);
  });

  it('keeps its cells and its health', () => {
    const windows = daysOf({ bad: 300 });
    expect(sumDays(windows, listDerived(profile))[0]).toMatchObject({
      cells: 8000,
      missing: 600,
      outside: 600,
    });
    expect(sumInputs(profile, windows).map((one) => one.name)).toContain(name);
  });

  it('keeps its findings while another input drifts', () => {
    const { reasons } = judgeDrift(profile, daysOf({ picture: 0.09, amount: 0.09 }), DEFAULT_DRIFT_OPTIONS);
    expect(reasons.map(({ metric }) => metric).toSorted()).toEqual(['amount', ...NAMES]);
  });

  it('explains answers that are all the same when it has drifted', () => {
    const drift = judgeDrift(profile, daysOf({ picture: 0.09 }), DEFAULT_DRIFT_OPTIONS);
    const found = { code: 'constant-prediction', metric: 'prediction', message: 'All the same.' };
    const fastLane = { verdict: 'fail', detectors: 1, rows: 9, from: '2026-03-01T00:00:00Z' } as const;
    const asked = input({
      ledger: ledgerOf({ previous: { version: '6', package: PACKAGE, at: '2026-02-01T00:00:00Z' } }),
      drift: { ...drift, features: drift.features.filter((one) => one.name === name) },
      fastLane: { ...fastLane, findings: [{ ...found, since: '2026-03-02T00:00:00Z' }] },
    });
    expect(decideMonitor(asked).action).not.toBe('rollback');
  });
});
