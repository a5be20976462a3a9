import { toInstant } from '../../core/instant.ts';
import type { ArmCounts, Observation } from '../../core/rollout/evidence/observation.ts';
import { weighUsers } from '../../core/rollout/evidence/user-weights.ts';
import type { Draws } from './draws.ts';
import { PLAN, type Schedule } from './simulate-rollout.ts';
import { SIMULATED_HOST } from './simulated-host.ts';

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
  readonly errorRate: number;
  readonly draw: number;
};

/** The polls of one host in front of an equal candidate, where users keep their version from stage to stage. */
export function* drawStickyRollout(
  draws: Draws,
  schedule: Schedule,
  users: Users,
): Generator<readonly Observation[]> {
  const people = Array.from({ length: users.count }, (): User => {
    const errorRate = draws.uniform() < users.failing ? FAILS_HALF : FAILS_HARDLY;
    return { requests: 0, errors: 0, refused: 0, slow: 0, errorRate, draw: draws.uniform() };
  });
  const activity = cumulate(people.map((_, index) => (index + 1) ** -users.zipf));
  for (let seq = 1; seq <= schedule.polls; seq += 1) {
    const stage = schedule.stageAt(seq);
    const percent = PLAN.stages[stage] ?? 100;
    const [candidate, stable] = [startCount(), startCount()];
    for (let left = draws.poisson(PER_SECOND * schedule.pollSeconds); left > 0; left -= 1) {
      const user = people[findIndex(activity, draws.uniform())];
      if (user === undefined) continue;
      const arm = user.draw < percent / 100 ? candidate : stable;
      const isError = draws.uniform() < user.errorRate;
      for (const count of [user, arm]) {
        count.requests += 1;
        count.errors += Number(isError);
      }
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

type Count = { requests: number; errors: number };

const startCount = (): Count => ({ requests: 0, errors: 0 });

function toArm({ requests, errors }: Count): ArmCounts {
  const latency = { edges: [100], counts: [requests, 0] };
  return { requests, errors, unanswered: 0, refused: 0, invalid: 0, latency };
}

function cumulate(weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return weights.map((weight) => {
    sum += weight / total;
    return sum;
  });
}

/** The first entry of increasing numbers that is not below `value`. */
function findIndex(increasing: readonly number[], value: number): number {
  let [low, high] = [0, increasing.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((increasing[middle] ?? 1) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
