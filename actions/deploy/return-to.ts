import { messageOf, UserError } from '../../core/errors.ts';
import type { LedgerState, Rollout, RolloutOutcome } from '../../core/ledger/state.ts';
import type { Log } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import type { Word } from '../../core/serving/api.ts';
import { requireVersion } from '../serving/require-version.ts';
import type { Startable } from '../serving/startable.ts';
import type { Announcer } from './announcer.ts';
import type { Fleet } from './hosts/fleet.ts';
import { returnHosts } from './hosts/return-hosts.ts';
import type { Settler } from './hosts/settle.ts';
import { READY_TIMEOUT_MS, type Starter } from './hosts/starter.ts';
import type { Journal, Page, Reading } from './journal.ts';
import { type DeployOutcome, returnedOutcome, servesAlready, takenBackBefore } from './outcomes.ts';
import type { Memory } from './rollout/memory.ts';
import { proposeRollBack } from './rollout/propose-roll-back.ts';

/** How long a return that was killed keeps rollouts from beginning: as long as it may wait for the version, in seconds. */
const LOCK_SECONDS = READY_TIMEOUT_MS / 1_000;

/**
 * Gives all traffic to an earlier version: the wanted one, or the one before the champion. No rollout begins meanwhile; one that is
 * open all the same ends with it. Where somebody else was faster with the same, that is said. Rejects with a UserError where there is no such version, it does not become ready, or another
 * version has become the champion by then.
 */
export type ReturnTo = (reading: Reading, wanted: string | undefined) => Promise<DeployOutcome>;

type ReturnPorts = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly starter: Starter;
  readonly settler: Pick<Settler, 'settle'>;
  readonly memory: Pick<Memory, 'rememberUnwatched'>;
  readonly announcer: Pick<Announcer, 'status'>;
  readonly log: Log;
};

/** Who asked for the return, whether that is a person, and the cause it goes by in the ledger: asking once acts once. */
type Asker = { readonly actor: string; readonly isPerson: boolean; readonly cause: string };

/** Returns of one environment. */
export function createReturnTo(ports: ReturnPorts, { actor, cause, isPerson }: Asker): ReturnTo {
  const { journal, fleet, settler, memory } = ports;
  const { environment } = journal;
  const id = `${returnsOf(journal)}${cause}`;
  return async ({ at, state, here }, wanted) => {
    const { champion, previous, history, rollout: open } = here;
    const target = wanted ?? previous?.version;
    const before = history.find(({ rollout }) => rollout === id);
    let replaced: Replaced;
    if (before !== undefined) {
      replaced = { kind: 'replaced', rollout: id, from: before.version, ended: undefined };
    } else if (champion === undefined || target === undefined) {
      throw nothingBefore(environment);
    } else if (target === champion.version && open === undefined) {
      replaced = { kind: 'done', last: history.at(-1) };
    } else {
      const explanation = `${actor} returned to version ${target}.`;
      const words = isPerson ? [{ version: target, rollout: id, actor, at }] : [];
      replaced = await whileLocked(ports, id, () =>
        replace(ports, state, { id, champion: champion.version, target, words, explanation }),
      );
    }
    await settler.settle();
    const now = await journal.read();
    const site = { environment, away: fleet.away() };
    const serving = now.here.champion?.version ?? '';
    if (replaced.kind === 'done') {
      const { last } = replaced;
      return last?.outcome === 'rolled-back'
        ? takenBackBefore(site, { last, here: now.here, now: now.at })
        : servesAlready(site, serving);
    }
    const { ended, rollout, from } = replaced;
    if (ended !== undefined) await memory.rememberUnwatched(ended);
    return returnedOutcome(site, { rollout, from, serving });
  };
}

/** What the returns of an environment go by in the ledger, less their cause. */
function returnsOf({ model, environment }: Pick<Journal, 'model' | 'environment'>): string {
  return `${model}/${environment}/rollback/`;
}

/**
 * Lets no rollout begin during the work, whose last event gives the lock back. The lock of another return is taken over, for its job
 * may have been killed. The work goes on without the lock where it can't be had.
 */
async function whileLocked<T>(
  { journal, log }: Pick<ReturnPorts, 'journal' | 'log'>,
  holder: string,
  work: () => Promise<T>,
): Promise<T> {
  const warn = (thrown: unknown) => log.warn(`The deploy lock could not be changed: ${messageOf(thrown)}`);
  const take = (page: Page) => {
    const lock = page.takeLock(holder, LOCK_SECONDS, (other) => other.startsWith(returnsOf(journal)));
    return ok(lock.ok ? lock.value : []);
  };
  await journal.append(take).catch(warn);
  try {
    return await work();
  } catch (thrown) {
    await journal.append((page) => ok(page.returnLock(holder))).catch(warn);
    throw thrown;
  }
}

/** A champion that is to give way, and the version it gives way to. */
type Replacement = {
  readonly id: string;
  readonly champion: string;
  readonly target: string;
  readonly words: readonly Word[];
  readonly explanation: string;
};

/**
 * By `rollout` the version `from` has given way: the champion, as has the rollout that was open all the same, or that rollout alone; or
 * nothing was left to take back, for somebody else was faster or that version serves.
 */
type Replaced =
  | {
      readonly kind: 'replaced';
      readonly rollout: string;
      readonly from: string;
      readonly ended: Rollout | undefined;
    }
  | { readonly kind: 'done'; readonly last: RolloutOutcome | undefined };

/** Hosts come first, the ledger after: safety does not wait for it. */
async function replace(
  ports: ReturnPorts,
  state: LedgerState,
  { id, champion, target, words, explanation }: Replacement,
): Promise<Replaced> {
  const { journal, fleet, starter, settler, announcer } = ports;
  const { environment } = journal;
  const startable = requirePackage(starter, state, target);
  await returnHosts({ fleet, starter }, { startable, words });
  let ended: Rollout | undefined;
  const entered = await journal.append((page) => {
    const { here } = page.now;
    if (here.champion?.version !== champion) return 'overtaken';
    ended = here.rollout;
    const reasons = { environment, code: 'requested', explanation, away: fleet.away() };
    const returned = { id, version: champion, stable: target };
    return ok([
      ...(ended === undefined ? [] : proposeRollBack(page, { ...reasons, rollout: ended })),
      ...(target === champion
        ? page.returnLock(id)
        : proposeRollBack(page, { ...reasons, rollout: returned })),
    ]);
  });
  if (entered.kind === 'overtaken') {
    await settler.settle();
    const { champion: serving, rollout: open, history } = entered.now.here;
    const last = history.at(-1);
    if (serving?.version === target && open === undefined && last !== undefined)
      return { kind: 'done', last };
    throw overtaken(entered.now, environment, target);
  }
  if (ended !== undefined) announcer.status(ended.id, 'failure', explanation);
  if (target !== champion) {
    announcer.status(id, 'success', `Returned to version ${target}`);
    return { kind: 'replaced', rollout: id, from: champion, ended };
  }
  if (ended === undefined) return { kind: 'done', last: entered.now.here.history.at(-1) };
  return { kind: 'replaced', rollout: ended.id, from: ended.version, ended };
}

/** A registered version that can be started. Rejects with a UserError where there is none of that name, or it has no package. */
function requirePackage(starter: Pick<Starter, 'prepare'>, state: LedgerState, target: string): Startable {
  const version = requireVersion(state, target);
  if (version.package !== undefined) return starter.prepare(state, version, version.package);
  throw new UserError([
    {
      code: 'package-missing',
      message: `Version ${target} has no package, so no host can serve it.`,
      remedy: 'Name a version that was deployed before.',
    },
  ]);
}

/** Loud, since the hosts were told already: whoever asked has to know that it did not last. */
function overtaken({ here }: Reading, environment: string, target: string): UserError {
  const { champion, rollout } = here;
  const serving = champion?.version ?? 'none';
  const now =
    rollout === undefined
      ? `Hosts were told to serve version ${serving} again`
      : `A rollout of version ${rollout.version} is open, whose job sets their traffic next`;
  return new UserError([
    {
      code: 'overtaken',
      message: `While hosts were taken to version ${target}, version ${serving} became the champion of ${environment}. The return is not on record. ${now}.`,
      remedy: `Look at /status; if it is still wanted, ask again: /rollback v${target}.`,
    },
  ]);
}

function nothingBefore(environment: string): UserError {
  return new UserError([
    {
      code: 'nothing-before',
      message: `There is no version to return to in ${environment}.`,
      remedy: 'Name one that was registered and packed: /rollback v6.',
    },
  ]);
}
