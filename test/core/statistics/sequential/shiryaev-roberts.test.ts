import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addResiduals,
  addToRateDetector,
  advanceShiryaevRoberts,
  LOG_START,
  logCalibrate,
  logMean,
  startRateDetector,
  startResidualDetector,
} from '../../../../core/statistics/sequential/shiryaev-roberts.ts';

/** Integral of the calibrated e-value over uniform p, by the substitution p = exp(-t). */
function integrateCalibrator(): number {
  const step = 1e-3;
  let sum = 0;
  for (let t = step / 2; t < 60; t += step) sum += Math.exp(logCalibrate(Math.exp(-t)) - t) * step;
  return sum;
}

describe('turning p-values into evidence', () => {
  it('gives the known values', () => {
    const known = [
      [0.05, 1.7833222],
      [0.01, 4.4509923],
      [1e-4, 117.76195],
      [1e-8, 294_705.72],
    ] as const;
    for (const [p, e] of known) expect(Math.exp(logCalibrate(p)) / e).toBeCloseTo(1, 7);
  });

  it('has expectation one under the null, and falls as p grows', () => {
    expect(integrateCalibrator()).toBeCloseTo(1, 1);
    expect(integrateCalibrator()).toBeLessThanOrEqual(1.001);
    const p = fc.double({ min: 1e-12, max: 1, noNaN: true });
    fc.assert(
      fc.property(p, p, (a, b) => {
        if (a < b) expect(logCalibrate(a)).toBeGreaterThanOrEqual(logCalibrate(b) - 1e-9);
      }),
      { seed: 3 },
    );
  });

  it('stays finite at both ends and is NaN for NaN', () => {
    expect(Number.isFinite(logCalibrate(0))).toBe(true);
    expect(Math.exp(logCalibrate(1))).toBeCloseTo(0.5, 6);
    expect(logCalibrate(Number.NaN)).toBeNaN();
  });
});

describe('the Shiryaev-Roberts recursion', () => {
  it('is (S + 1) e, from S = 0', () => {
    const one = advanceShiryaevRoberts(LOG_START, Math.log(3));
    expect(Math.exp(one)).toBeCloseTo(3, 12);
    expect(Math.exp(advanceShiryaevRoberts(one, Math.log(0.5)))).toBeCloseTo(2, 12);
  });

  it('counts every observation of a batch as a step: with e = 1 the statistic is the number of steps', () => {
    const steps = [1, 7, 92].reduce((sum, count) => advanceShiryaevRoberts(sum, 0, count), LOG_START);
    expect(Math.exp(steps)).toBeCloseTo(100, 9);
  });

  it('is capped instead of overflowing', () => {
    expect(advanceShiryaevRoberts(Math.log(1e300), 500)).toBeCloseTo(Math.log(1e300), 9);
  });
});

describe('detectors of rates and residuals', () => {
  const feed = (bad: number, checks: number) => {
    let detector = startRateDetector(0.015);
    for (let check = 0; check < checks; check += 1) {
      detector = addToRateDetector(detector, { requests: 300, bad }, 0.015);
    }
    return logMean(detector);
  };

  it('stay low at half the limit and rise within a few checks at three times the limit', () => {
    expect(feed(2, 500)).toBeLessThan(Math.log(105_120));
    expect(feed(14, 8)).toBeGreaterThan(Math.log(105_120));
  });

  it('have alternatives for limits near one too', () => {
    const detector = addToRateDetector(startRateDetector(0.8), { requests: 500, bad: 490 }, 0.8);
    expect(detector.every(Number.isFinite)).toBe(true);
    expect(logMean(detector)).toBeGreaterThan(10);
  });

  it('find accuracy below its promise, not at or above it', () => {
    const run = (right: number, wrong: number) => {
      let detector = startResidualDetector();
      for (let batch = 0; batch < 40; batch += 1) {
        const residuals = [
          { residual: 0.1, count: right },
          { residual: -0.9, count: wrong },
        ];
        detector = addResiduals(detector, residuals, 0.01);
      }
      return logMean(detector);
    };
    expect(run(90, 10)).toBeLessThan(Math.log(10_000));
    expect(run(80, 20)).toBeGreaterThan(Math.log(10_000));
  });

  it('do not move without labels', () => {
    const detector = startResidualDetector();
    expect(addResiduals(detector, [{ residual: -0.5, count: 0 }], 0.01)).toBe(detector);
  });
});
