import { type UserCounts, type UserWeights, weighUsers } from '../../core/rollout/evidence/user-weights.ts';
import type { UserRequest } from '../envoy/user-log.ts';

/** So many users of a rollout are told apart; who comes later has sent less than those, and is left out. */
const MOST_USERS = 100_000;
/** A rollout's first answers say from when on one is slow: nine of ten are quicker. */
const FIRST_ANSWERS = 100;
const SLOW_QUANTILE = 0.9;

/** How many requests of a model's rollout count as one; `undefined` where no user was seen. */
export type WeighUsers = (model: string, rollout: string) => UserWeights | undefined;

type Known = {
  readonly rollout: string;
  readonly users: Map<string, UserCounts>;
  /** How long the first answers took, and when those are known how long a slow one takes at least, in ms. */
  readonly first: number[];
  slowFrom: number;
};

const NOTHING: UserCounts = { requests: 0, errors: 0, refused: 0, slow: 0 };

/** Remembers what each user has asked for since a model's rollout began, as long as this process lives. */
export function createUserScales(): {
  readonly add: (requests: readonly UserRequest[], rolloutOf: (model: string) => string | undefined) => void;
  readonly weigh: WeighUsers;
} {
  const models = new Map<string, Known>();
  return {
    add: (requests, rolloutOf) => {
      for (const request of requests) {
        const rollout = rolloutOf(request.model);
        if (rollout === undefined) continue;
        const before = models.get(request.model);
        const known =
          before?.rollout === rollout
            ? before
            : {
                rollout,
                users: new Map<string, UserCounts>(),
                first: [],
                slowFrom: Number.POSITIVE_INFINITY,
              };
        models.set(request.model, known);
        addRequest(known, request);
      }
    },
    weigh: (model, rollout) => {
      const known = models.get(model);
      return known?.rollout === rollout && known.users.size > 0
        ? weighUsers([...known.users.values()])
        : undefined;
    },
  };
}

function addRequest(known: Known, { user, outcome, milliseconds }: UserRequest): void {
  const { users } = known;
  learnSlow(known, milliseconds);
  const before = users.get(user);
  if (before === undefined && users.size >= MOST_USERS) return;
  const { requests, errors, refused, slow } = before ?? NOTHING;
  users.set(user, {
    requests: requests + 1,
    errors: errors + Number(outcome === 'error'),
    refused: refused + Number(outcome === 'refused'),
    slow: slow + Number(milliseconds > known.slowFrom),
  });
}

function learnSlow(known: Known, milliseconds: number): void {
  const { first } = known;
  if (first.length >= FIRST_ANSWERS) return;
  first.push(milliseconds);
  if (first.length < FIRST_ANSWERS) return;
  const sorted = first.toSorted((left, right) => left - right);
  known.slowFrom = sorted[Math.floor(SLOW_QUANTILE * FIRST_ANSWERS)] ?? Number.POSITIVE_INFINITY;
}
