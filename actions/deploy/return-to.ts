import { serveOnly } from '../../core/deploy/rollout-traffic.ts';
import { ServiceError, UNREACHABLE, UserError } from '../../core/errors.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import type { Log } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import type { Announcer } from './announcer.ts';
import { requireVersion } from './find-candidate.ts';
import { awayData, type Fleet } from './hosts/fleet.ts';
import type { Settler } from './hosts/settle.ts';
import type { Starter } from './hosts/starter.ts';
import { setTrafficEverywhere } from './hosts/traffic.ts';
import type { Journal, Reading } from './journal.ts';
import { type DeployOutcome, returnedOutcome } from './outcomes.ts';

/** Gives all traffic to an earlier version: the wanted one, or the one before the champion. No rollout may be open at this reading. */
export type ReturnTo = (reading: Reading, wanted: string | undefined) => Promise<DeployOutcome>;

type ReturnPorts = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly starter: Starter;
  readonly settler: Pick<Settler, 'settle'>;
  readonly announcer: Pick<Announcer, 'status'>;
  readonly log: Log;
};

/** Who asked for the return, and the cause it goes by in the ledger: asking once acts once. */
type Asker = { readonly actor: string; readonly cause: string };

/** Returns of one environment. */
export function createReturnTo(ports: ReturnPorts, { actor, cause }: Asker): ReturnTo {
  const { journal, fleet, starter, settler, announcer, log } = ports;
  const { environment, model } = journal;
  const id = `${model}/${environment}/rollback/${cause}`;
  const replace = async (state: LedgerState, champion: string, target: string): Promise<void> => {
    await serveEverywhere({ fleet, starter, log }, state, target);
    const entered = await journal.append((page) => {
      const { here } = page.now;
      if (here.champion?.version !== champion || here.rollout !== undefined) return 'overtaken';
      const explanation = `${actor} returned to version ${target}.`;
      const data = {
        ...{ rollout: id, environment, version: champion, stable: target, code: 'requested', explanation },
        ...awayData(fleet.away()),
      };
      return ok([page.entry('rollout.rolled-back', data, id)]);
    });
    if (entered.kind === 'overtaken') {
      await settler.settle();
      throw overtaken(entered.now, environment, target);
    }
    announcer.status(id, 'success', `Returned to version ${target}`);
  };
  return async ({ state, here }, wanted) => {
    const { champion, previous, history } = here;
    const target = wanted ?? previous?.version;
    const isDone = history.some(({ rollout }) => rollout === id);
    if (!isDone) {
      if (champion === undefined || target === undefined) throw nothingBefore(environment);
      if (target !== champion.version) await replace(state, champion.version, target);
    }
    await settler.settle();
    const serving = (await journal.read()).here.champion?.version ?? '';
    const returned = { rollout: id, from: champion?.version, serving };
    return returnedOutcome({ environment, away: fleet.away() }, returned);
  };
}

type ServePorts = Pick<ReturnPorts, 'fleet' | 'starter' | 'log'>;

/** Traffic goes to the version; where its instance was stopped since, it is brought up first. */
async function serveEverywhere(
  { fleet, starter, log }: ServePorts,
  state: LedgerState,
  target: string,
): Promise<void> {
  const version = requireVersion(state, target);
  const built = version.package;
  if (built === undefined) {
    throw new UserError([
      {
        code: 'package-missing',
        message: `Version ${target} has no package, so no host can serve it.`,
        remedy: 'Name a version that was deployed before.',
      },
    ]);
  }
  const startable = starter.prepare(state, version, built);
  const started = await fleet.onEveryHost((agent) => starter.start(agent, startable));
  requireAny(fleet, started);
  const failed = started.find((outcome) => !outcome.ok);
  if (failed !== undefined) {
    throw new UserError([
      {
        code: 'not-ready',
        message: `Version ${target} did not become ready: ${failed.message}.`,
        remedy:
          'Traffic was left as it is. Look at the instance’s log on that host, or name another version.',
      },
    ]);
  }
  await setTrafficEverywhere({ fleet, log }, { model: state.model, wanted: serveOnly(target) });
}

/** A rollback waits for no host that is away, but one at least has to be told. */
function requireAny({ away }: Pick<Fleet, 'away'>, results: readonly unknown[]): void {
  const [first] = away();
  if (results.length > 0 || first === undefined) return;
  throw new ServiceError({
    code: UNREACHABLE,
    message: `No host can be reached. ${first.why}`,
    remedy: 'Bring one back, and run this again.',
    where: { kind: 'endpoint', endpoint: first.url },
  });
}

/** Loud, since the hosts were told already: whoever asked has to know that it did not last. */
function overtaken({ here }: Reading, environment: string, target: string): UserError {
  const { champion, rollout } = here;
  const what =
    rollout === undefined
      ? `version ${champion?.version ?? 'none'} became the champion of ${environment}`
      : `a rollout of version ${rollout.version} to ${environment} began`;
  return new UserError([
    {
      code: 'overtaken',
      message: `While hosts were taken to version ${target}, ${what}. The return is not on record, and hosts follow the ledger.`,
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
