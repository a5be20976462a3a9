import { formatCount, formatEvidence, formatPercent } from '../../report/format-number.ts';
import { logShareEvidence } from '../../statistics/sequential/request-share.ts';
import type { Reason } from '../../verdict.ts';
import type { StageTotals } from './stage-totals.ts';

/** Share of rollouts with the right routing that are held for it all the same, over all stages. */
const ROUTING_ALPHA = 1e-3;

/** A share whose odds are within this factor of the configured ones is not worth a hold, however certain. */
const TOLERATED_ODDS_RATIO = 1.2;

/**
 * Whether the candidate gets another share of requests than configured (a sample-ratio mismatch): a reason to hold, never to
 * roll back. `undefined` when the split is right, can't be told yet, or leaves no choice (0 or 100 %).
 *
 * Claim: at most one rollout in a thousand with the right split is held for it, over all stages (the limit is shared out among them).
 * Assumes, reference and vector as for `logShareEvidence`; where users are dealt to the versions and not requests, as many requests as
 * the `heaviest` of them has sent count as one.
 */
export function checkRouting(
  { routed: { percent, candidate, stable } }: StageTotals,
  stages: number,
  heaviest: number,
): Reason | undefined {
  const share = percent / 100;
  if (!(share > 0 && share < 1) || candidate + stable === 0) return undefined;
  const evidence = logShareEvidence(candidate / heaviest, stable / heaviest, share);
  const oddsRatio = (candidate + 0.5) / (stable + 0.5) / (share / (1 - share));
  const isTolerated = oddsRatio < TOLERATED_ODDS_RATIO && oddsRatio > 1 / TOLERATED_ODDS_RATIO;
  if (isTolerated || evidence < Math.log(stages / ROUTING_ALPHA)) return undefined;
  const observed = candidate / (candidate + stable);
  return {
    code: 'routing-off',
    metric: 'routing',
    message:
      `The candidate was to get ${formatPercent(share)} of requests and gets ${formatPercent(observed)} ` +
      `(${formatCount(candidate)} of ${formatCount(candidate + stable)}; evidence ${formatEvidence(evidence)}). Check the router.`,
    observed,
    limit: share,
    sampleSize: candidate + stable,
  };
}
