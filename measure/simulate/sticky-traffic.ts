import { toInstant } from '../../core/instant.ts';
import type { ArmCounts, Observation } from '../../core/rollout/evidence/observation.ts';
import { weighUsers } from '../../core/rollout/evidence/user-weights.ts';
import { type AliasTable, makeAliasTable } from './alias-table.ts';
import type { Draws } from './draws.ts';
import { PLAN, type Schedule } from './simulate-rollout.ts';
import { SIMULATED_HOST } from './traffic.ts';

/** Users of a model. With `zipf` 0 all ask as often; else the k-th asks in proportion to 1 / k^zipf. */
export type Users = {
  readonly count: number;
  readonly zipf: number;
  /** The share of users whose requests fail half of the time, whichever version answers; those of the others hardly ever do. */
  readonly failing: number;
};

const PER_SECOND = 20;
const FAILS_HALF = 0.5;
const FAILS_HARDLY = 0.002;

type User = Count & {
  readonly refused: 0;
  readonly slow: 0;
  readonly isFailing: boolean;
  readonly draw: number;
};

/** How active these users are: that does not change from rollout to rollout. */
export function activityOf({ count, zipf }: Users): AliasTable {
  return makeAliasTable(Array.from({ length: count }, (_, index) => (index + 1) ** -zipf));
}

/** The polls of one host in front of an equal candidate, where users keep their version from stage to stage. */
export function* drawStickyRollout(
  draws: Draws,
  schedule: Schedule,
  { count, failing, activity }: Users & { readonly activity: AliasTable },
): Generator<readonly Observation[]> {
  const people = Array.from({ length: count }, (): User => {
    const isFailing = draws.uniform() < failing;
    return { requests: 0, errors: 0, refused: 0, slow: 0, isFailing, draw: draws.uniform() };
  });
  const failsNow = createFailures(draws);
  for (let seq = 1; seq <= schedule.polls; seq += 1) {
    const stage = schedule.stageAt(seq);
    const percent = PLAN.stages[stage] ?? 100;
    const [candidate, stable] = [startCount(), startCount()];
    for (let left = draws.poisson(PER_SECOND * schedule.pollSeconds); left > 0; left -= 1) {
      const user = people[activity.pick(draws.uniform())];
      if (user === undefined) continue;
      const arm = user.draw < percent / 100 ? candidate : stable;
      user.requests += 1;
      arm.requests += 1;
      if (!failsNow(user)) continue;
      user.errors += 1;
      arm.errors += 1;
    }
    yield [
      {
        ...SIMULATED_HOST,
        ...{ at: toInstant(1000 * seq * schedule.pollSeconds), seq, seconds: schedule.pollSeconds, stage },
        ...{ weights: { candidate: percent } },
        ...{ candidate: toArm(candidate), stable: toArm(stable), users: weighUsers(people) },
      },
    ];
  }
}

/** Whether a user's next request fails: those that hardly ever do are dealt by how many come in between, which costs a draw each time only. */
function createFailures(draws: Draws): (user: Pick<User, 'isFailing'>) => boolean {
  const drawGap = () => Math.floor(Math.log(draws.uniform()) / Math.log1p(-FAILS_HARDLY));
  let gap = drawGap();
  return ({ isFailing }) => {
    if (isFailing) return draws.uniform() < FAILS_HALF;
    gap -= 1;
    if (gap >= 0) return false;
    gap = drawGap();
    return true;
  };
}

type Count = { requests: number; errors: number };

const startCount = (): Count => ({ requests: 0, errors: 0 });

function toArm({ requests, errors }: Count): ArmCounts {
  const latency = { edges: [100], counts: [requests, 0] };
  return { requests, errors, unanswered: 0, refused: 0, invalid: 0, latency };
}
