import { type Problem, UserError } from '../../core/errors.ts';
import { type Admitted, admitEvents } from '../../core/ledger/admit-events.ts';
import { mayBeUnsigned } from '../../core/ledger/chain/chain.ts';
import { newTitlePage, TITLE_PAGE } from '../../core/ledger/head/title-page.ts';
import { knownEvents } from '../../core/ledger/lines/read-event.ts';
import { parseLedger } from '../../core/ledger/parse-ledger.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import type { Ledger, Proposal } from '../../core/ports.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { NO_KEYS } from '../signing/line-keys.ts';
import { addLines } from './add-lines.ts';
import { createQueue } from './create-queue.ts';
import { describeCommit } from './describe-commit.ts';
import { branchInTheWay, busy, describeWaiting, keyMissing } from './ledger-problems.ts';
import { type GitLedgerOptions, type OpenLedger, openLedger, warnOnce, withRetries } from './open-ledger.ts';
import { readTexts } from './read-ledger.ts';
import { readNow, rememberHead } from './read-now.ts';
import { commitFiles, listBranchesBelow, pushHead } from './repository.ts';

/** Lost races before giving up: enough for dozens of writers at once. */
const MAX_RACES = 40;
const RACE_DELAY_MS = 50;
const MAX_RACE_DELAY_MS = 2_000;

/**
 * The ledger on the branch `trainyard` of a git remote. Works beside any checkout without touching it. Reads and appends reject with a
 * ServiceError when the remote can't be reached, and with a UserError when it refuses us or its lines can't be read.
 */
export function createGitLedger(options: GitLedgerOptions): Ledger {
  const opened = once(() => openLedger(options));
  const enqueue = createQueue();
  const read = async (model: string) => {
    const reading = await readNow(await opened(), model);
    if (!reading.ok) throw new UserError(reading.error);
    return reading.value;
  };
  return {
    history: (model) =>
      enqueue(async () => {
        const { files } = await read(model);
        const events = parseLedger(await readTexts((await opened()).repository, files));
        // They were read just now.
        return events.ok ? knownEvents(events.value) : [];
      }),
    read: (model) => enqueue(async () => (await read(model)).state),
    append: (model, propose) => enqueue(async () => append(await opened(), model, propose)),
  };
}

async function append(
  ledger: OpenLedger,
  model: string,
  propose: Proposal,
): Promise<Result<Admitted, Problem>> {
  const { repository, options } = ledger;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const reading = await readNow(ledger, model);
    if (!reading.ok) return err(firstOf(reading.error));
    const { head, files, state, chain } = reading.value;
    const { doubt } = state;
    const proposed = propose(state);
    if (!proposed.ok) return proposed;
    const admitted = admitEvents(state, proposed.value);
    if (!admitted.ok || admitted.value.written.length === 0) return admitted;
    const { written } = admitted.value;
    if (doubt?.kind === 'earlier') return keepWaiting(ledger, admitted.value, state);
    const { sign: own, flaws } = options.keys ?? NO_KEYS;
    // A signature vouches for all lines before it, and nobody here can.
    const sign = doubt === undefined ? own : undefined;
    if (chain.isSigned && sign === undefined && !written.every(({ kind }) => mayBeUnsigned(kind))) {
      return err(keyMissing(repository.remote, flaws));
    }
    const at = options.clock.now();
    const added = addLines({ files: await readTexts(repository, files.slice(-1)), chain, sign }, written);
    const title = head === undefined ? [{ path: TITLE_PAGE, text: newTitlePage() }] : [];
    const changed = [...title, ...added.files];
    const commit = await commitFiles(repository, head, changed, describeCommit(model, written), at);
    if ((await withRetries(ledger, 'push', () => pushHead(repository, commit, head))) === 'pushed') {
      const { replaces = [], digests = [], beginning } = state.origin ?? {};
      const origin = { commit, replaces, digests: [...digests, ...added.digests], beginning };
      return ok({ written, state: rememberHead(ledger, { ...admitted.value.state, origin, doubt }) });
    }
    const inTheWay =
      head === undefined ? await withRetries(ledger, 'fetch', () => listBranchesBelow(repository)) : [];
    if (inTheWay.length > 0) return err(branchInTheWay(repository.remote, inTheWay));
    const delay = Math.min(MAX_RACE_DELAY_MS, RACE_DELAY_MS * 2 ** Math.min(race, 10));
    await options.clock.wait((options.random ?? Math.random)() * delay);
  }
  return err(busy(repository.remote, MAX_RACES));
}

/**
 * Keeps events for the rest of the job where the branch holds what nobody can read or believe: a line behind that would have to follow
 * it. Only what takes back is done without being on record.
 */
function keepWaiting(
  ledger: OpenLedger,
  { written, state: admitted }: Admitted,
  { origin, doubt }: Pick<LedgerState, 'origin' | 'doubt'>,
): Result<Admitted, Problem> {
  if (doubt !== undefined && !written.every(({ kind }) => mayBeUnsigned(kind))) return err(doubt.problem);
  const { waiting } = ledger;
  waiting.set(admitted.model, [...(waiting.get(admitted.model) ?? []), ...written]);
  for (const event of written) {
    if (event.kind !== 'lock.acquired' && event.kind !== 'lock.released')
      warnOnce(ledger, describeWaiting(event));
  }
  return ok({ written, state: { ...admitted, origin, doubt } });
}

function firstOf([first, ...rest]: readonly [Problem, ...Problem[]]): Problem {
  if (rest.length === 0) return first;
  return { ...first, message: `${first.message} ${rest.length} more lines can't be read either.` };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
