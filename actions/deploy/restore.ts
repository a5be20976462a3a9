import { findWords } from '../../core/deploy/find-words.ts';
import type { Clock } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { requireVersion } from '../serving/require-version.ts';
import type { Fleet } from './hosts/fleet.ts';
import { replacePackage } from './hosts/replace-package.ts';
import type { Settler } from './hosts/settle.ts';
import { READY_TIMEOUT_MS, type Starter } from './hosts/starter.ts';
import type { Journal, Reading } from './journal.ts';
import { type DeployOutcome, restoredOutcome } from './outcomes.ts';

/** Two versions have to become ready on a host at most. */
const LOCK_SECONDS = (2 * READY_TIMEOUT_MS) / 1_000;

/** Brings every host to the champion in the package that the ledger has of it; what to do when a host serves it under another. */
export type Restore = () => Promise<DeployOutcome>;

type RestorePorts = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly starter: Starter;
  readonly settler: Pick<Settler, 'settle'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** Restores of one environment's champion. No rollout begins meanwhile. Rejects with a UserError when the deploy lock can't be had. */
export function createRestore(ports: RestorePorts, cause: string): Restore {
  const { journal, fleet, settler } = ports;
  const { model, environment } = journal;
  const holder = `${model}/${environment}/restore/${cause}`;
  return async () => {
    const { now } = await journal.append((page) => page.takeLock(holder, LOCK_SECONDS));
    let restored: readonly string[] = [];
    try {
      restored = await replaceOthers(ports, now);
    } finally {
      await journal.append((page) => ok(page.returnLock(holder)));
    }
    await settler.settle();
    const serving = (await journal.read()).here.champion?.version ?? '';
    return restoredOutcome({ environment, away: fleet.away() }, serving, restored);
  };
}

/** Gives the hosts whose package was replaced. */
async function replaceOthers(ports: RestorePorts, { state, here }: Reading): Promise<readonly string[]> {
  const { fleet, starter } = ports;
  const startableOf = (version: string | undefined) => {
    const known = version === undefined ? undefined : requireVersion(state, version);
    return known?.package && starter.prepare(state, known, known.package);
  };
  const startable = startableOf(here.champion?.version);
  if (startable === undefined) return [];
  const meanwhile = startableOf(here.previous?.version);
  const words = findWords(here, [meanwhile?.version]);
  const replaced = await fleet.onEveryHost(async (agent) =>
    (await replacePackage(ports, agent, { startable, meanwhile, words })) ? [agent.url] : [],
  );
  return replaced.flat();
}
