import { atLeastOne, type Problem } from '../../core/errors.ts';
import { continueFold } from '../../core/ledger/fold.ts';
import { findLoss, headOf, type SeenHead } from '../../core/ledger/head/ledger-head.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { NO_KEYS } from '../signing/line-keys.ts';
import { findWarnings } from './find-warnings.ts';
import { describeStandIn, endpoint, mergedHead } from './ledger-problems.ts';
import { type OpenLedger, warnOnce, withRetries } from './open-ledger.ts';
import { emptyReading, type LedgerReading, readLedger } from './read-ledger.ts';
import { readPastDamage, type StandIn } from './read-past-damage.ts';
import { fetchHead } from './repository.ts';

type Problems = readonly [Problem, ...Problem[]];

/**
 * The ledger of a model as it is on the remote now. What was read before and is still there is not read again. Its state says in `doubt`
 * where another reading stands in for the newest commit: then it has also what waits to be written.
 */
export async function readNow(ledger: OpenLedger, model: string): Promise<Result<LedgerReading, Problems>> {
  const { repository, readings, options } = ledger;
  const { keys = NO_KEYS } = options;
  const fetched = await withRetries(ledger, 'fetch', () => fetchHead(repository));
  if (fetched?.isMerge === true) return err([mergedHead(repository.remote, fetched.commit)]);
  const head = fetched?.commit;
  const known = readings.get(model);
  if (head !== undefined && known?.head === head) return ok(known);
  const now = options.clock.now();
  const read =
    head === undefined
      ? ok(emptyReading(model))
      : await readLedger(repository, { model, head, known, keys, now });
  if (!read.ok) return readInstead(ledger, { model, head, problems: atLeastOne(read.error) });
  const lost = lossOf(ledger, read.value.state);
  if (lost !== undefined) return err([lost]);
  for (const warning of findWarnings(read.value, keys)) warnOnce(ledger, warning);
  readings.set(model, read.value);
  rememberHead(ledger, read.value.state);
  return read;
}

/** Keeps how far this job has seen the ledger go. Gives the state. */
export function rememberHead({ heads }: OpenLedger, state: LedgerState): LedgerState {
  const head = headOf(state);
  if (head !== undefined) heads.set(state.model, head);
  return state;
}

/** A commit that can't be used, and why. */
type Unusable = {
  readonly model: string;
  readonly head: string | undefined;
  readonly problems: Problems;
};

async function readInstead(
  ledger: OpenLedger,
  { model, head, problems }: Unusable,
): Promise<Result<LedgerReading, Problems>> {
  const [problem] = problems;
  const standIn = head === undefined ? undefined : await findStandIn(ledger, { model, head, problem });
  if (standIn === undefined) return err(problems);
  const { kind, reading } = standIn;
  warnOnce(ledger, describeStandIn(kind, reading.head ?? '', problem));
  const fold = continueFold(reading.state);
  for (const event of ledger.waiting.get(model) ?? []) fold.add(event);
  const state = { ...fold.state(), origin: reading.state.origin, doubt: { kind, problem } };
  const lost = lossOf(ledger, state);
  return lost === undefined ? ok({ ...reading, state }) : err([lost]);
}

async function findStandIn(
  { repository, options, standIns }: OpenLedger,
  unusable: { readonly model: string; readonly head: string; readonly problem: Problem },
): Promise<StandIn | undefined> {
  if (options.purpose !== 'take-back') return undefined;
  const { model, head } = unusable;
  const known = standIns.get(model);
  if (known?.head === head) return known.standIn;
  const { keys = NO_KEYS, clock } = options;
  const standIn = await readPastDamage(repository, { ...unusable, keys, now: clock.now() });
  if (standIn !== undefined) standIns.set(model, { head, standIn });
  return standIn;
}

/** What this job and the ones before it in the run have seen of the ledger, and it no longer has. */
function lossOf({ repository, options, heads }: OpenLedger, state: LedgerState): Problem | undefined {
  const here = heads.get(state.model);
  const seen: readonly SeenHead[] = [
    ...(here === undefined ? [] : [{ by: 'This job', head: here }]),
    ...(options.seen === undefined ? [] : [{ by: 'The plan of this run', head: options.seen }]),
  ];
  const lost = findLoss(state, seen);
  return lost && { ...lost, where: endpoint(repository.remote) };
}
