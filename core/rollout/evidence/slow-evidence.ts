import type { TwoByTwo } from '../../statistics/distributions/fisher-noncentral-hypergeometric.ts';
import { logSumExp } from '../../statistics/distributions/log-sum-exp.ts';
import {
  addTable,
  type LogLikelihoods,
  logEvidence,
  startLogLikelihoods,
  weighLikelihoods,
} from '../../statistics/sequential/e-process.ts';
import type { ComparedInterval } from './host-evidence.ts';
import { countSlow, SLOW_QUANTILES, type SlowThreshold } from './slow-requests.ts';

const NO_TABLE: TwoByTwo = { candidateTotal: 0, candidateBad: 0, stableTotal: 0, stableBad: 0 };

/** Requests over one latency threshold so far, and the log-likelihoods of their tables. */
export type SlowEvidence = {
  readonly quantile: number;
  readonly likelihoods: LogLikelihoods;
  readonly threshold?: SlowThreshold;
  readonly counts: TwoByTwo;
};

/** Before any poll: one for each quantile of the stable version's latency. */
export function startSlow(): readonly SlowEvidence[] {
  return SLOW_QUANTILES.map((quantile) => ({
    quantile,
    likelihoods: startLogLikelihoods(),
    counts: NO_TABLE,
  }));
}

/** The evidence with one interval counted over the threshold that its host has by then. */
export function addSlow(
  slow: SlowEvidence,
  interval: ComparedInterval,
  { threshold, eta }: { readonly threshold: SlowThreshold; readonly eta: number },
): SlowEvidence {
  const table = countSlow(threshold, interval.candidate, interval.stable);
  const counts = {
    candidateTotal: slow.counts.candidateTotal + table.candidateTotal,
    candidateBad: slow.counts.candidateBad + table.candidateBad,
    stableTotal: slow.counts.stableTotal + table.stableTotal,
    stableBad: slow.counts.stableBad + table.stableBad,
  };
  return { ...slow, likelihoods: addTable(slow.likelihoods, table, eta), threshold, counts };
}

/** Log of the evidence that the candidate is slower, of all thresholds together; `weight` requests count as one. */
export function measureSlow(slow: readonly SlowEvidence[], weight: number): number {
  const each = slow.map(({ likelihoods }) => logEvidence(weighLikelihoods(likelihoods, weight)));
  return logSumExp(each) - Math.log(each.length);
}
