import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { normalCdf } from '../../../core/statistics/distributions/normal.ts';
import type { Stop } from '../simulate-rollout.ts';

/** Looks at the pooled counts of the whole rollout after every poll; stops when a one-sided z-test of two shares is below `alpha`. */
export function watchByZTest(polls: Iterable<Observation>, alpha: number): Stop | undefined {
  return lookAt(polls, alpha, () => true);
}

/** The same test, asked once at the end. */
export function lookOnce(polls: Iterable<Observation>, alpha: number): Stop | undefined {
  const all = [...polls];
  return lookAt(all, alpha, (count) => count === all.length);
}

function lookAt(
  polls: Iterable<Observation>,
  alpha: number,
  isLook: (polls: number) => boolean,
): Stop | undefined {
  const sum = { candidate: 0, candidateBad: 0, stable: 0, stableBad: 0, polls: 0 };
  for (const { candidate, stable } of polls) {
    sum.candidate += candidate.requests;
    sum.candidateBad += candidate.errors;
    sum.stable += stable.requests;
    sum.stableBad += stable.errors;
    sum.polls += 1;
    if (!isLook(sum.polls)) continue;
    const share = (sum.candidateBad + sum.stableBad) / (sum.candidate + sum.stable);
    const deviation = Math.sqrt(share * (1 - share) * (1 / sum.candidate + 1 / sum.stable));
    const z = (sum.candidateBad / sum.candidate - sum.stableBad / sum.stable) / deviation;
    if (1 - normalCdf(z) < alpha) return { polls: sum.polls, candidateRequests: sum.candidate };
  }
  return undefined;
}
