import type { Environment } from '../../../core/config/config.ts';
import { detachedLease } from '../../../core/deploy/leases.ts';
import { serveRollout } from '../../../core/deploy/rollout-traffic.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import type { Tempering } from '../../../core/rollout/evidence/baseline.ts';
import type { StablePast } from '../../../core/rollout/evidence/stable-past.ts';
import type { Brake, Word } from '../../../core/serving/api.ts';
import type { Fleet } from './fleet.ts';
import { type Participants, setTrafficEverywhere } from './traffic.ts';

/**
 * The traffic of an open rollout on the hosts that take part in it, which renews their leases. Each wish gives the first brake if an
 * agent has braked. A rollout without a stable version has no traffic to share: nothing is asked of the hosts then, and it
 * gets all of it by its promotion.
 */
export type RolloutTraffic = {
  /** Where the ledger says, for as long as this job looks after it. */
  readonly keep: (rollout: Rollout) => Promise<Brake | undefined>;
  /** Where this job last kept it, which renews the leases: what the ledger says now can't be read. */
  readonly renew: () => Promise<Brake | undefined>;
  /** Where the ledger says, with a lease that outlives this job: the agents say when there is something to do. */
  readonly leave: (rollout: Rollout) => Promise<Brake | undefined>;
  /** All requests to the stable version, and copies of them to the candidate. */
  readonly copy: (rollout: Rollout) => Promise<Brake | undefined>;
};

/** The traffic of a model's rollouts, under the settings of their environment. */
export function createRolloutTraffic(
  { fleet, clock, log }: { readonly fleet: Fleet; readonly clock: Clock; readonly log: Log },
  {
    model,
    settings,
    participants,
    tempering,
    stablePast,
    words,
  }: {
    readonly model: string;
    readonly settings: Environment;
    readonly participants: Participants;
    readonly tempering: Tempering;
    /** What all hosts have seen of the stable version so far. */
    readonly stablePast?: () => StablePast;
    readonly words: readonly Word[];
  },
): RolloutTraffic {
  const { leaseSeconds } = settings;
  const share = async (
    rollout: Rollout,
    lease: Omit<Parameters<typeof serveRollout>[2], 'tempering' | 'stablePast' | 'words'>,
  ) => {
    const { stable } = rollout;
    if (stable === undefined) return undefined;
    const wanted = serveRollout({ ...rollout, stable }, settings, {
      ...{ ...lease, tempering, words },
      stablePast: stablePast?.(),
    });
    return setTrafficEverywhere({ fleet, log }, { model, wanted, participants });
  };
  let kept: Rollout | undefined;
  return {
    keep: (rollout) => {
      kept = rollout;
      return share(rollout, { shadow: false, leaseSeconds });
    },
    renew: async () => kept && share(kept, { shadow: false, leaseSeconds }),
    leave: (rollout) => {
      const seconds = detachedLease(rollout, settings, clock.now());
      return share(rollout, { shadow: false, leaseSeconds: seconds, detached: true });
    },
    copy: (rollout) => share(rollout, { shadow: true, leaseSeconds }),
  };
}
