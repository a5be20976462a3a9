import type { Environment } from '../../../core/config/config.ts';
import { findWords } from '../../../core/deploy/find-words.ts';
import { detachedLease } from '../../../core/deploy/leases.ts';
import { serveRollout } from '../../../core/deploy/rollout-traffic.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import type { AgentPort, Clock } from '../../../core/ports.ts';
import type { SetTraffic, Traffic } from '../../../core/serving/api.ts';
import { harmBrake } from '../../../core/serving/brakes/harm-brake.ts';
import type { Reading } from '../journal.ts';
import type { Memory } from '../rollout/memory.ts';
import type { Fleet } from './fleet.ts';

/** A host whose traffic changes more often than this while it is told is left with what it has. */
const ATTEMPTS = 5;

type HeldPorts = {
  readonly fleet: Pick<Fleet, 'onEveryHost'>;
  readonly memory: Pick<Memory, 'recall'>;
  readonly clock: Clock;
};

/**
 * Tells the hosts that the open rollout of this reading is held, with a lease for the time of the hold. It raises no host: one that
 * shares less than the ledger says, or that serves nothing of that rollout, is left as it is.
 */
export type TellHeld = (rollout: Rollout, reading: Reading) => Promise<void>;

/** Tells the hosts of a model under the settings of their environment. */
export function createTellHeld(
  { fleet, memory, clock }: HeldPorts,
  { model, settings }: { readonly model: string; readonly settings: Environment },
): TellHeld {
  return async (rollout, reading) => {
    const { stable } = rollout;
    if (stable === undefined) return;
    const tempering = (await memory.recall(reading)).eta;
    const leaseSeconds = detachedLease(rollout, settings, clock.now());
    const words = findWords(reading.here, [stable, rollout.version]);
    const lease = { shadow: false, leaseSeconds, tempering, words, detached: true };
    const wanted = serveRollout({ ...rollout, stable }, settings, lease);
    await fleet.onEveryHost((agent) => tell(agent, { model, wanted, rollout }));
  };
}

async function tell(
  agent: AgentPort,
  {
    model,
    wanted,
    rollout,
  }: { readonly model: string; readonly wanted: SetTraffic; readonly rollout: Rollout },
): Promise<void> {
  let present = await agent.getTraffic(model);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // Decided on the very revision that is replaced: what was lowered meanwhile stays lowered.
    if (present === undefined || !sharesAsMuch(present, rollout)) return;
    const result = await agent.setTraffic(model, wanted, present.revision);
    if (result.ok) return;
    present = result.error;
  }
}

function sharesAsMuch(present: Traffic, { id, percent }: Rollout): boolean {
  const isOfIt = present.lease?.rollout === id && harmBrake(present, id) === undefined;
  return isOfIt && present.candidatePercent >= percent;
}
