import { addObservation, type Evidence } from '../../rollout/evidence/evidence.ts';
import { type ArmCounts, comparedArm, type Observation } from '../../rollout/evidence/observation.ts';

/** More failures than this in one poll are no answer to "how far is it". */
const MOST_FAILURES = 256;

/**
 * How many requests of the candidate would have to fail in a row, in one more poll like the last, for the evidence to reach the plan's limit:
 * the stable version answers its share of as many requests without an error. 0 when it is reached; `undefined` where even hundreds
 * would not do, or there is no stable version beside it to compare with.
 */
export function failuresToAlarm(evidence: Evidence, last: Observation): number | undefined {
  const limit = -Math.log(evidence.plan.alarmAlpha);
  if (evidence.peak.total >= limit) return 0;
  const { candidate: percent } = last.weights;
  if (percent >= 100 || (percent <= 0 && comparedArm(last).requests === 0)) return undefined;
  const crosses = (failures: number) =>
    addObservation(evidence, failingPoll(last, failures)).levels.total >= limit;
  let high = 1;
  while (!crosses(high)) {
    high *= 2;
    if (high > MOST_FAILURES) return undefined;
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (crosses(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function failingPoll(last: Observation, failures: number): Observation {
  const { candidate: percent } = last.weights;
  // A candidate without a share answers copies of what the stable version answers.
  const beside = percent <= 0 ? failures : Math.max(1, Math.round((failures * (100 - percent)) / percent));
  const failing = { ...answered(last.candidate, 0), requests: failures, errors: failures };
  return {
    ...last,
    seq: last.seq + 1,
    ...(percent <= 0 ? { copies: { ended: failing, open: 0 } } : { candidate: failing }),
    stable: { ...answered(last.stable, 0), requests: beside },
  };
}

/** Without latency: a failure is not compared as a slow answer too. */
function answered({ latency }: ArmCounts, count: number): ArmCounts {
  const counts = latency.counts.map(() => count);
  return { requests: 0, errors: 0, unanswered: 0, refused: 0, invalid: 0, latency: { ...latency, counts } };
}
