import type { Environment } from '../../../core/config/config.ts';
import { findWords } from '../../../core/deploy/find-words.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import type { Reading } from '../journal.ts';
import type { Memory } from '../rollout/memory.ts';
import { type Fleet, requireHosts, requireQuorum } from './fleet.ts';
import { createRolloutTraffic } from './rollout-traffic.ts';

type ObediencePorts = {
  readonly fleet: Fleet;
  readonly memory: Pick<Memory, 'recall'>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Rejects with a ServiceError that names the hosts when more of them than may be away don't do what a rollout asks of them now. */
export type RequireObedience = (rollout: Rollout, reading: Reading) => Promise<void>;

/**
 * Gives hosts the order of an open rollout once more: what takes it now will take the promotion, and nothing is on record yet. A
 * rollout without a stable version has no order to give, and hosts are asked for a sign of life only.
 */
export function createRequireObedience(
  { fleet, memory, clock, log }: ObediencePorts,
  { model, settings }: { readonly model: string; readonly settings: Environment },
): RequireObedience {
  return async (rollout, reading) => {
    await requireHosts(fleet);
    if (rollout.stable === undefined) return;
    let obedient: readonly string[] = [];
    const participants = {
      isReady: () => true,
      startAgain: () => undefined,
      haveObeyed: (urls: readonly string[]) => {
        obedient = urls;
      },
    };
    const tempering = (await memory.recall(reading)).eta;
    const words = findWords(reading.here, [rollout.stable, rollout.version]);
    const asked = { model, settings, participants, tempering, words };
    const traffic = createRolloutTraffic({ fleet, clock, log }, asked);
    const brake = await traffic.leave(rollout);
    // What a brake means is for whoever ends the rollout.
    if (brake !== undefined) return;
    requireQuorum(
      fleet,
      fleet.urls.filter((url) => !obedient.includes(url)),
    );
  };
}
