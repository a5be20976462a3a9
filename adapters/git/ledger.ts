import { type Problem, UserError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import { type Admitted, admitEvents } from '../../core/ledger/admit-events.ts';
import { mayBeUnsigned } from '../../core/ledger/chain/chain.ts';
import { findLoss, headOf, type LedgerHead, type SeenHead } from '../../core/ledger/head/ledger-head.ts';
import { newTitlePage, TITLE_PAGE } from '../../core/ledger/head/title-page.ts';
import { knownEvents } from '../../core/ledger/lines/read-event.ts';
import { parseLedger } from '../../core/ledger/parse-ledger.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import type { Clock, Ledger, Proposal, RunCommand } from '../../core/ports.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { runCommand } from '../run-command.ts';
import type { LineKeys } from '../signing/line-keys.ts';
import { addLines } from './add-lines.ts';
import { createQueue } from './create-queue.ts';
import { checkoutSettings, tokenSettings } from './credentials.ts';
import { describeCommit } from './describe-commit.ts';
import { GitFailure } from './failure.ts';
import { findWarnings } from './find-warnings.ts';
import {
  branchInTheWay,
  busy,
  endpoint,
  failed,
  keyMissing,
  mergedHead,
  refused,
  unreachable,
} from './ledger-problems.ts';
import { emptyReading, type LedgerReading, readLedger, readTexts } from './read-ledger.ts';
import {
  type Committer,
  commitFiles,
  fetchHead,
  type LedgerRepository,
  listBranchesBelow,
  openLedgerRepository,
  pushHead,
} from './repository.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
/** Lost races before giving up: enough for dozens of writers at once. */
const MAX_RACES = 40;
const RACE_DELAY_MS = 50;
const MAX_RACE_DELAY_MS = 2_000;
const MAX_NETWORK_TRIES = 4;
const NETWORK_DELAY_MS = 1_000;

export type GitLedgerOptions = {
  /** Address of the repository whose branch holds the ledger: https, ssh, or a path. */
  readonly remote: string;
  /** Sent to the remote's host only, through the environment. Without it, what the git of `checkout` would send. */
  readonly token?: string;
  readonly checkout?: string;
  readonly clock: Clock;
  readonly author: Committer;
  /** A folder for this ledger's own bare repository; made when it is not there. */
  readonly dir: string;
  /** How far an earlier job of the run has seen the ledger of the model it works on: one that no longer goes there is refused. */
  readonly seen?: LedgerHead;
  /** Signs what is appended, and checks what is read; without them the ledger is neither. */
  readonly keys?: LineKeys;
  /** Told once of each thing in a ledger that deserves a look and stops nothing. */
  readonly onWarning?: (message: string) => void;
  readonly timeoutMs?: number;
  /** Runs git; as a child of this process unless told otherwise. */
  readonly run?: RunCommand;
  /** Spreads the retries of writers that collide. */
  readonly random?: () => number;
};

const NO_KEYS: LineKeys = { sign: undefined, isSigned: undefined, flaws: [] };

/** The ledger of one remote: its copy here, and what was last read of each model. */
type OpenLedger = {
  readonly repository: LedgerRepository;
  readonly options: GitLedgerOptions;
  readonly readings: Map<string, LedgerReading>;
  /** How far this process has seen each model's ledger go: what it has written included. */
  readonly heads: Map<string, LedgerHead>;
  /** Warnings that were given: each once. */
  readonly told: Set<string>;
  /** When each of git's commands was last obeyed by the remote. */
  readonly obeyed: Map<string, Instant>;
};

/**
 * The ledger on the branch `trainyard` of a git remote. Works beside any checkout without touching it. Reads and appends reject with a
 * ServiceError when the remote can't be reached, and with a UserError when it refuses us or its lines can't be read.
 */
export function createGitLedger(options: GitLedgerOptions): Ledger {
  const opened = once(() => open(options));
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

async function open(options: GitLedgerOptions): Promise<OpenLedger> {
  const { remote, token, checkout, author, dir, run = runCommand } = options;
  const fromCheckout = async () => (checkout === undefined ? [] : checkoutSettings(checkout, remote, run));
  const repository = {
    remote,
    folder: dir,
    author,
    auth: token === undefined || token === '' ? await fromCheckout() : tokenSettings(remote, token),
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    run,
  };
  await openLedgerRepository(repository);
  return { repository, options, readings: new Map(), heads: new Map(), told: new Set(), obeyed: new Map() };
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
    const proposed = propose(state);
    if (!proposed.ok) return proposed;
    const admitted = admitEvents(state, proposed.value);
    if (!admitted.ok || admitted.value.written.length === 0) return admitted;
    const { written } = admitted.value;
    const { sign, flaws } = options.keys ?? NO_KEYS;
    if (chain.isSigned && sign === undefined && !written.every(({ kind }) => mayBeUnsigned(kind))) {
      return err(keyMissing(repository.remote, flaws));
    }
    const at = options.clock.now();
    const added = addLines({ files: await readTexts(repository, files.slice(-1)), chain, sign }, written);
    const title = head === undefined ? [{ path: TITLE_PAGE, text: newTitlePage() }] : [];
    const changed = [...title, ...added.files];
    const commit = await commitFiles(repository, head, changed, describeCommit(model, written), at);
    if ((await withRetries(ledger, 'push', () => pushHead(repository, commit))) === 'pushed') {
      const { replaces = [], digests = [] } = state.origin ?? {};
      const origin = { commit, replaces, digests: [...digests, ...added.digests] };
      return ok({ written, state: remember(ledger, { ...admitted.value.state, origin }) });
    }
    const inTheWay =
      head === undefined ? await withRetries(ledger, 'fetch', () => listBranchesBelow(repository)) : [];
    if (inTheWay.length > 0) return err(branchInTheWay(repository.remote, inTheWay));
    const delay = Math.min(MAX_RACE_DELAY_MS, RACE_DELAY_MS * 2 ** Math.min(race, 10));
    await options.clock.wait((options.random ?? Math.random)() * delay);
  }
  return err(busy(repository.remote, MAX_RACES));
}

/** The ledger of a model as it is on the remote now. What was read before and is still there is not read again. */
async function readNow(
  ledger: OpenLedger,
  model: string,
): Promise<Result<LedgerReading, readonly [Problem, ...Problem[]]>> {
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
  if (!read.ok) return err(atLeastOne(read.error));
  const lost = findLoss(read.value.state, seenBefore(ledger, model));
  if (lost !== undefined) return err([{ ...lost, where: endpoint(repository.remote) }]);
  for (const warning of findWarnings(read.value, keys)) {
    if (!ledger.told.has(warning)) options.onWarning?.(warning);
    ledger.told.add(warning);
  }
  readings.set(model, read.value);
  remember(ledger, read.value.state);
  return read;
}

function remember({ heads }: OpenLedger, state: LedgerState): LedgerState {
  const head = headOf(state);
  if (head !== undefined) heads.set(state.model, head);
  return state;
}

/** What this job and the ones before it in the run have seen of the ledger. */
function seenBefore({ options, heads }: OpenLedger, model: string): readonly SeenHead[] {
  const here = heads.get(model);
  return [
    ...(here === undefined ? [] : [{ by: 'This job', head: here }]),
    ...(options.seen === undefined ? [] : [{ by: 'The plan of this run', head: options.seen }]),
  ];
}

async function withRetries<T>(
  { repository, options, obeyed }: OpenLedger,
  command: 'fetch' | 'push',
  work: () => Promise<T>,
): Promise<T> {
  const { remote } = repository;
  const { clock, random = Math.random } = options;
  for (let tries = 1; ; tries += 1) {
    try {
      const done = await work();
      obeyed.set(command, clock.now());
      return done;
    } catch (thrown) {
      if (!(thrown instanceof GitFailure) || thrown.kind === 'local') throw thrown;
      const mayPass = thrown.kind === 'unreachable' || thrown.kind === 'unknown';
      if (!mayPass) throw refused(remote, thrown, obeyed.get(command));
      if (tries >= MAX_NETWORK_TRIES) {
        throw thrown.kind === 'unknown' ? failed(remote, thrown, tries) : unreachable(remote, thrown, tries);
      }
      await clock.wait(NETWORK_DELAY_MS * 2 ** (tries - 1) * (0.5 + random()));
    }
  }
}

function atLeastOne([first, ...rest]: readonly Problem[]): readonly [Problem, ...Problem[]] {
  if (first === undefined) throw new TypeError('A ledger was refused without a reason.');
  return [first, ...rest];
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
