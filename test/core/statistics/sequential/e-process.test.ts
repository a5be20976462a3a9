import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findSupport,
  fisherLogProbabilities,
  hypergeometricMoments,
  type TwoByTwo,
} from '../../../../core/statistics/distributions/fisher-noncentral-hypergeometric.ts';
import {
  addTable,
  estimateOddsRatio,
  LOG_ODDS_GRID,
  learnDispersion,
  logEvidence,
  logRateEvidence,
  startLogLikelihoods,
} from '../../../../core/statistics/sequential/e-process.ts';

function table(
  candidateTotal: number,
  stableTotal: number,
  candidateBad: number,
  stableBad: number,
): TwoByTwo {
  return { candidateTotal, stableTotal, candidateBad, stableBad };
}

function logProbability(margins: TwoByTwo, logOddsRatio: number): number {
  return fisherLogProbabilities(margins, [Math.exp(logOddsRatio)])[0] ?? Number.NaN;
}

/** The same table with every split of its bad requests, and the probability of each at `logOddsRatio`. */
function everySplit(
  margins: TwoByTwo,
  logOddsRatio: number,
): readonly { readonly table: TwoByTwo; readonly p: number }[] {
  const bad = margins.candidateBad + margins.stableBad;
  const { low, high } = findSupport(margins);
  return Array.from({ length: high - low + 1 }, (_, index) => {
    const split = { ...margins, candidateBad: low + index, stableBad: bad - low - index };
    return { table: split, p: Math.exp(logProbability(split, logOddsRatio)) };
  });
}

function smallTables(): readonly TwoByTwo[] {
  const tables: TwoByTwo[] = [];
  for (let candidate = 0; candidate <= 6; candidate += 1) {
    for (let stable = 0; stable <= 8; stable += 1) {
      for (let bad = 0; bad <= candidate + stable; bad += 1) {
        const candidateBad = Math.max(0, bad - stable);
        tables.push(table(candidate, stable, candidateBad, bad - candidateBad));
      }
    }
  }
  return tables;
}

describe('a tolerance', () => {
  const equalTo = (oddsRatio: number) => {
    const table = { candidateTotal: 1e6, stableTotal: 1e6, candidateBad: 0, stableBad: 1e5 };
    const odds = (oddsRatio * 1e5) / 9e5;
    return addTable(startLogLikelihoods(), { ...table, candidateBad: Math.round((1e6 * odds) / (1 + odds)) });
  };

  it.each([1.04, 1.16, 1.28, 2.2])(
    'of %d between two points of the grid tolerates exactly that',
    (tolerance) => {
      expect(logEvidence(equalTo(tolerance), tolerance)).toBeLessThan(0);
    },
  );

  it.each([0, 1, 2, 7])('on point %i of the grid is that point', (step) => {
    const tolerance = Math.exp(step / 10);
    const worse = equalTo(Math.exp((step + 1) / 10));
    expect(logEvidence(worse, tolerance)).toBeGreaterThan(100);
  });
});

describe('the conditional distribution of the candidate share of bad requests', () => {
  it('agrees with SciPy nchypergeom_fisher', () => {
    const small = table(8, 92, 3, 7);
    const large = table(516, 99_494, 14, 996);
    const probabilities = [1, 2, 5].map((ratio) => Math.exp(logProbability(small, Math.log(ratio))));
    const logs = [1, 2, 3].map((ratio) => logProbability(large, Math.log(ratio)));
    const expected = [0.0283409739, 0.1079632933, 0.292650222];
    for (const [index, value] of expected.entries()) expect(probabilities[index]).toBeCloseTo(value, 9);
    for (const [index, value] of [-7.3855952452, -2.8535010133, -2.2726030097].entries()) {
      expect(logs[index]).toBeCloseTo(value, 9);
    }
  });

  it('sums to one over every split of every small table, at every odds ratio', () => {
    for (const margins of smallTables()) {
      for (const logOddsRatio of [-1.6, 0, 0.7, 4.6]) {
        const total = everySplit(margins, logOddsRatio).reduce((sum, { p }) => sum + p, 0);
        expect(total).toBeCloseTo(1, 12);
      }
    }
  });

  it('has the mean and variance of the hypergeometric when both versions are alike', () => {
    const margins = table(30, 70, 4, 9);
    const splits = everySplit(margins, 0);
    const mean = splits.reduce((sum, split) => sum + split.p * split.table.candidateBad, 0);
    const square = splits.reduce((sum, split) => sum + split.p * split.table.candidateBad ** 2, 0);
    expect(hypergeometricMoments(margins).mean).toBeCloseTo(mean, 10);
    expect(hypergeometricMoments(margins).variance).toBeCloseTo(square - mean ** 2, 10);
  });
});

describe('evidence from a sequence of polls', () => {
  const polls = [
    table(30, 2970, 1, 15),
    table(28, 2950, 0, 14),
    table(33, 3010, 2, 17),
    table(310, 2700, 6, 13),
  ];

  it('gives the known values after each poll, and the known interval', () => {
    const expected = [0.5581173025, 0.2517991898, 1.9250970602, 4.643552714];
    let likelihoods = startLogLikelihoods();
    for (const [index, poll] of polls.entries()) {
      likelihoods = addTable(likelihoods, poll);
      expect(logEvidence(likelihoods)).toBeCloseTo(expected[index] ?? Number.NaN, 9);
    }
    const interval = estimateOddsRatio(likelihoods, 0.05);
    expect(Math.log(interval.estimate)).toBeCloseTo(1.6, 12);
    expect(interval.low).toBeCloseTo(1.2214, 4);
    expect(interval.high).toBeCloseTo(14.8797, 4);
  });

  it('answers the public Kayenta cases: sparse errors keep being watched, steady ones are caught', () => {
    const evidenceOf = (bads: readonly number[]) =>
      Math.exp(
        logEvidence(bads.reduce((sum, bad) => addTable(sum, table(100, 100, bad, 0)), startLogLikelihoods())),
      );
    expect(evidenceOf([1, 4, 2, 3, 1])).toBeCloseTo(204, 0);
    expect(evidenceOf([0, 1, 2, 1, 0, 0])).toBeCloseTo(4.8, 1);
  });

  it('has expectation one at most over every split of every small table, when the odds ratio is tolerated', () => {
    for (const margins of smallTables()) {
      for (const trueLogOddsRatio of [-1.3, -0.5, 0]) {
        for (const eta of [1, 0.5]) {
          const expectation = everySplit(margins, trueLogOddsRatio).reduce(
            (sum, split) =>
              sum + split.p * Math.exp(logEvidence(addTable(startLogLikelihoods(), split.table, eta))),
            0,
          );
          expect(expectation).toBeLessThanOrEqual(1 + 1e-12);
          if (trueLogOddsRatio === 0 && eta === 1) expect(expectation).toBeCloseTo(1, 12);
        }
      }
    }
  });

  it('stays a supermartingale however a poll is split in two', () => {
    const counts = fc.tuple(fc.nat(12), fc.nat(12), fc.nat(12), fc.nat(12));
    fc.assert(
      fc.property(counts, counts, (first, second) => {
        const [a, b] = [first, second].map(([nc, nb, bad]) => {
          const all = Math.min(bad, nc + nb);
          const candidateBad = Math.max(0, all - nb);
          return table(nc, nb, candidateBad, all - candidateBad);
        }) as [TwoByTwo, TwoByTwo];
        const expectation = everySplit(a, 0).reduce((outer, left) => {
          const after = addTable(startLogLikelihoods(), left.table);
          const inner = everySplit(b, 0).reduce(
            (sum, right) => sum + right.p * Math.exp(logEvidence(addTable(after, right.table))),
            0,
          );
          return outer + left.p * inner;
        }, 0);
        expect(expectation).toBeLessThanOrEqual(1 + 1e-9);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('learns nothing from a table that could come out only one way', () => {
    const nothing = [table(0, 100, 0, 3), table(10, 0, 2, 0), table(10, 90, 0, 0), table(3, 4, 3, 4)];
    for (const poll of nothing) expect(addTable(startLogLikelihoods(), poll)).toEqual(startLogLikelihoods());
  });

  it('gives finite evidence for any table', () => {
    const size = fc.nat(100_000);
    fc.assert(
      fc.property(
        size,
        size,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (nc, nb, pc, pb) => {
          const likelihoods = addTable(
            startLogLikelihoods(),
            table(nc, nb, Math.floor(nc * pc), Math.floor(nb * pb)),
          );
          expect(Number.isFinite(logEvidence(likelihoods))).toBe(true);
          expect(likelihoods.every((value) => value <= 1e-6)).toBe(true);
        },
      ),
      { numRuns: 300, seed: 11 },
    );
  });

  it('is open-ended where the interval reaches the edge of the grid', () => {
    expect(estimateOddsRatio(startLogLikelihoods(), 0.01)).toEqual({
      estimate: Math.exp(LOG_ODDS_GRID[0] ?? Number.NaN),
      low: 0,
      high: Number.POSITIVE_INFINITY,
    });
  });
});

describe('evidence against a rate', () => {
  it('has expectation one at most at or below the limit', () => {
    for (const rate of [0.01, 0.03, 0.05]) {
      let expectation = 0;
      let probability = (1 - rate) ** 40;
      for (let bad = 0; bad <= 40; bad += 1) {
        expectation += probability * Math.exp(logRateEvidence({ requests: 40, bad }, 0.05));
        probability *= ((40 - bad) / (bad + 1)) * (rate / (1 - rate));
      }
      expect(expectation).toBeLessThanOrEqual(1 + 1e-9);
    }
  });
});

describe('over-dispersion', () => {
  it('is one for alternating counts around the expectation, and grows with swings', () => {
    const calm = Array.from({ length: 50 }, () => table(100, 100, 5, 5));
    const wild = Array.from({ length: 50 }, (_, index) =>
      table(100, 100, index % 2 === 0 ? 10 : 0, index % 2 === 0 ? 0 : 10),
    );
    expect(learnDispersion(calm)).toBe(1);
    expect(learnDispersion(wild)).toBeCloseTo(25 / hypergeometricMoments(table(100, 100, 5, 5)).variance, 9);
    expect(learnDispersion([])).toBe(1);
  });
});
