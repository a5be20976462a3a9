import { describe, expect, it } from 'vitest';
import {
  addRate,
  logOnsetEvidence,
  type RateOnset,
  startRateOnset,
} from '../../../../core/statistics/sequential/rate-onset.ts';

const LIMIT = 0.5;

/** The expectation of the evidence after so many polls of five requests, over everything that may come out at this rate. */
function expectation(rate: number, polls: number, eta: number, onset: RateOnset = startRateOnset()): number {
  if (polls === 0) return Math.exp(logOnsetEvidence(onset));
  let sum = 0;
  let probability = (1 - rate) ** 5;
  for (let bad = 0; bad <= 5; bad += 1) {
    const next = addRate(onset, { requests: 5, bad }, { limit: LIMIT, eta });
    sum += probability * expectation(rate, polls - 1, eta, next);
    probability *= ((5 - bad) / (bad + 1)) * (rate / (1 - rate));
  }
  return sum;
}

/** Evidence after `good` polls in which nothing is bad, and `bad` polls in which everything is. */
function evidenceAfter(good: number, bad: number): number {
  let onset = startRateOnset();
  for (let poll = 0; poll < good + bad; poll += 1) {
    onset = addRate(onset, { requests: 5, bad: poll < good ? 0 : 5 }, { limit: LIMIT, eta: 1 });
  }
  return logOnsetEvidence(onset);
}

describe('evidence of a rate that comes to exceed its limit', () => {
  it('is a fair game at the limit, and none below it or where it is tempered', () => {
    expect(logOnsetEvidence(startRateOnset())).toBe(0);
    expect(expectation(LIMIT, 4, 1)).toBeCloseTo(1, 9);
    expect(expectation(0.3, 4, 1)).toBeLessThan(1);
    expect(expectation(LIMIT, 4, 0.4)).toBeLessThan(1);
  });

  it('finds what begins late about as soon as what is there from the first', () => {
    expect(evidenceAfter(0, 8)).toBeGreaterThan(20);
    expect(evidenceAfter(10_000, 8)).toBeLessThan(20);
    expect(evidenceAfter(10_000, 14)).toBeGreaterThan(20);
  });

  it('learns nothing without requests, or where no rate exceeds the limit', () => {
    const some = addRate(startRateOnset(), { requests: 5, bad: 4 }, { limit: LIMIT, eta: 1 });
    expect(addRate(some, { requests: 0, bad: 0 }, { limit: LIMIT, eta: 1 })).toEqual(some);
    expect(addRate(some, { requests: 5, bad: 5 }, { limit: 1, eta: 1 })).toEqual(some);
  });
});
