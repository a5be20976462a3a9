import { findWords } from '../../../core/deploy/find-words.ts';
import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import type { RegistryAliases } from '../../../core/identity/registry-aliases.ts';
import { championOf } from '../../../core/ledger/champion-of.ts';
import { findHeeded } from '../../../core/ledger/find-promotion.ts';
import type { LedgerState } from '../../../core/ledger/state.ts';
import type { Log } from '../../../core/ports.ts';
import { type ModelRegistry, registryFollows } from '../../serving/registry-follows.ts';
import { stopOthers } from '../../serving/stop-others.ts';
import type { Journal, Reading } from '../journal.ts';
import type { Brakes } from '../rollout/brakes.ts';
import { ensureServing } from './ensure-serving.ts';
import type { Fleet } from './fleet.ts';
import type { Starter } from './starter.ts';
import { setTraffic } from './traffic.ts';

/** Hosts that brake while they are told make it begin anew at most so often; after that it is for monitor-check. */
const SETTLE_ATTEMPTS = 5;

/** Makes the world agree with the ledger when no rollout is open. It may be done again at any time: a job that was killed loses nothing. */
export type Settler = {
  /** Hosts and registry: traffic, instances, aliases, tags. A host that can't be reached, or refuses, is named and left to monitor-check. */
  readonly settle: () => Promise<void>;
  /** The hosts alone. */
  readonly settleHosts: () => Promise<void>;
};

/** A settler of one environment. */
export function createSettler(options: {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly brakes: Pick<Brakes, 'obey'>;
  readonly starter: Starter;
  readonly registry: ModelRegistry;
  readonly aliases: RegistryAliases;
  readonly log: Log;
}): Settler {
  const { journal, fleet, brakes, starter, registry, aliases, log } = options;
  const { environment } = journal;
  const ports = { journal, fleet, brakes, starter };
  return {
    settle: async () => {
      const state = await settleHosts(ports);
      if (state !== undefined) await registryFollows({ registry, log }, state, { environment, aliases });
    },
    settleHosts: async () => void (await settleHosts(ports)),
  };
}

type HostPorts = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly brakes: Pick<Brakes, 'obey'>;
  readonly starter: Starter;
};

/** Gives what the hosts were brought to agree with; nothing where a rollout is open or nobody serves. */
async function settleHosts(ports: HostPorts): Promise<LedgerState | undefined> {
  for (let attempt = 0; attempt < SETTLE_ATTEMPTS; attempt += 1) {
    const reading = await ports.brakes.obey();
    const { champion, rollout } = reading.here;
    if (champion === undefined || rollout !== undefined) return undefined;
    if (await bringTo(ports, reading, champion.version)) return reading.state;
  }
  return undefined;
}

/** `false` when a host has braked the rollout that made it the champion: then it is to be taken back. */
async function bringTo(
  { journal, fleet, starter }: HostPorts,
  { state, here }: Reading,
  champion: string,
): Promise<boolean> {
  const { previous } = here;
  const keep = new Set([champion, ...(previous === undefined ? [] : [previous.version])]);
  const heed = findHeeded(here);
  const wanted = serveOnly(champion, findWords(here, [champion]));
  const known = championOf(state, journal.environment);
  const startable = known?.package && starter.prepare(state, known, known.package);
  const { model } = journal;
  fleet.readmit();
  const set = await fleet.onEveryHost(async (agent) => {
    if (startable !== undefined) await ensureServing(starter, agent, startable);
    const { kind } = await setTraffic(agent, { model, wanted, heed });
    if (kind === 'set') await stopOthers(agent, (await agent.state()).instances, { model, keep });
    return kind;
  });
  return !set.includes('braked');
}
