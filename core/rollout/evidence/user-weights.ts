import { z } from 'zod';

const weight = z.number().min(1);

/**
 * How many requests of a rollout count as one, where users are dealt to the versions and not requests, by what is compared; and the
 * most requests that came from one user. 1 where each request is by itself.
 */
export const userWeightsSchema = z.object({
  heaviest: weight,
  errors: weight,
  refused: weight,
  slow: weight,
});

/** See `userWeightsSchema`. */
export type UserWeights = z.infer<typeof userWeightsSchema>;

/** What one user has asked for since a rollout began, and how much of it was answered with an error, refused, or slow. */
export type UserCounts = {
  readonly requests: number;
  readonly errors: number;
  readonly refused: number;
  readonly slow: number;
};

/** Each request by itself. */
export const NO_USERS: UserWeights = { heaviest: 1, errors: 1, refused: 1, slow: 1 };

/**
 * How much the requests of one user are alike. The weight of what is compared is the larger of the design effect (how much more its
 * count per user varies than if each request were by itself) and the largest surplus of one user: so nobody counts for more than one
 * bad request, whichever version they were dealt to.
 *
 * Claim: evidence raised to the power of the inverse weight keeps the promise of alpha with sticky users, few or many, equal or not.
 * Assumes: users are dealt by chance. The promise is by simulation, not by proof, since weights are learnt from what they weigh.
 * Reference: Kish, "Survey Sampling" (1965), section 5.4, for the design effect.
 * Vector: test/core/rollout/user-weights.test.ts; measure/simulate/equal-candidates.ts.
 */
export function weighUsers(users: readonly UserCounts[]): UserWeights {
  let [heaviest, requests, errors, refused, slow] = [1, 0, 0, 0, 0];
  for (const user of users) {
    heaviest = Math.max(heaviest, user.requests);
    requests += user.requests;
    errors += user.errors;
    refused += user.refused;
    slow += user.slow;
  }
  return {
    heaviest,
    errors: weighOutcome(users, errors / requests, errors, (user) => user.errors),
    refused: weighOutcome(users, refused / requests, refused, (user) => user.refused),
    slow: weighOutcome(users, slow / requests, slow, (user) => user.slow),
  };
}

/** The weights over all hosts: the same users may ask any of them. */
export function addUserWeights(hosts: readonly UserWeights[]): UserWeights {
  const add = (what: keyof UserWeights) => hosts.reduce((sum, host) => sum + host[what] - 1, 1);
  return { heaviest: add('heaviest'), errors: add('errors'), refused: add('refused'), slow: add('slow') };
}

/** The larger of two weights each: what was learnt once is not forgotten. */
export function largerUserWeights(left: UserWeights, right: UserWeights): UserWeights {
  const larger = (what: keyof UserWeights) => Math.max(left[what], right[what]);
  return {
    heaviest: larger('heaviest'),
    errors: larger('errors'),
    refused: larger('refused'),
    slow: larger('slow'),
  };
}

/** A loop that ends early where nothing was bad, since an agent does this for many thousand users at every tick. */
function weighOutcome(
  users: readonly UserCounts[],
  rate: number,
  bad: number,
  badOf: (user: UserCounts) => number,
): number {
  const expected = bad * (1 - rate);
  if (!(expected > 0)) return 1;
  let squares = 0;
  let largest = 1;
  for (const user of users) {
    const surplus = badOf(user) - rate * user.requests;
    squares += surplus * surplus;
    largest = Math.max(largest, Math.abs(surplus));
  }
  return Math.max(squares / expected, largest);
}
