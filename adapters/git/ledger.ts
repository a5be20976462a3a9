import { LEDGER_UNREACHABLE, type Problem, ServiceError, UserError } from '../../core/errors.ts';
import { type Admitted, admitEvents } from '../../core/ledger/admit-events.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { foldLedger } from '../../core/ledger/fold.ts';
import { formatLine, type LedgerFile, ledgerPath, parseLedger } from '../../core/ledger/parse-ledger.ts';
import { knownEvents, type RecordedEvent } from '../../core/ledger/read-event.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import type { Clock, Ledger, Proposal, RunCommand } from '../../core/ports.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { runCommand } from '../run-command.ts';
import { checkoutSettings, tokenSettings, withoutCredentials } from './credentials.ts';
import { GitFailure } from './failure.ts';
import {
  type Committer,
  commitFiles,
  fetchHead,
  type LedgerRepository,
  openLedgerRepository,
  pushHead,
  readFiles,
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
  readonly timeoutMs?: number;
  /** Runs git; as a child of this process unless told otherwise. */
  readonly run?: RunCommand;
  /** Spreads the retries of writers that collide. */
  readonly random?: () => number;
};

type Snapshot = {
  readonly head: string | undefined;
  readonly files: readonly LedgerFile[];
  readonly events: readonly RecordedEvent[];
};

/**
 * The ledger on the branch `trainyard` of a git remote. Works beside any checkout without touching it. Reads and appends reject with a
 * ServiceError when the remote can't be reached, and with a UserError when it refuses us or its lines can't be read.
 */
export function createGitLedger(options: GitLedgerOptions): Ledger {
  const opened = once(() => open(options));
  const enqueue = createQueue();
  const history = (model: string) =>
    enqueue(async () => {
      const snapshot = await takeSnapshot(await opened(), options, model);
      if (!snapshot.ok) throw new UserError(snapshot.error);
      return snapshot.value.events;
    });
  return {
    history: async (model) => knownEvents(await history(model)),
    read: async (model) => foldLedger(model, await history(model)),
    append: (model, propose) => enqueue(async () => append(await opened(), options, model, propose)),
  };
}

async function open(options: GitLedgerOptions): Promise<LedgerRepository> {
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
  return repository;
}

async function append(
  repository: LedgerRepository,
  options: GitLedgerOptions,
  model: string,
  propose: Proposal,
): Promise<Result<Admitted, Problem>> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const snapshot = await takeSnapshot(repository, options, model);
    if (!snapshot.ok) return err(firstOf(snapshot.error));
    const { head, files, events } = snapshot.value;
    const state = foldLedger(model, events);
    const proposed = propose(state);
    if (!proposed.ok) return proposed;
    const admitted = admitEvents(state, proposed.value);
    if (!admitted.ok || admitted.value.written.length === 0) return admitted;
    const { written } = admitted.value;
    const at = options.clock.now();
    const changed = addLines(files, written);
    const commit = await commitFiles(repository, head, changed, describeCommit(model, written), at);
    if ((await withRetries(repository, options, () => pushHead(repository, commit))) === 'pushed') {
      return admitted;
    }
    const delay = Math.min(MAX_RACE_DELAY_MS, RACE_DELAY_MS * 2 ** Math.min(race, 10));
    await options.clock.wait((options.random ?? Math.random)() * delay);
  }
  return err(busy(repository.remote));
}

async function takeSnapshot(
  repository: LedgerRepository,
  options: GitLedgerOptions,
  model: string,
): Promise<Result<Snapshot, readonly [Problem, ...Problem[]]>> {
  const head = await withRetries(repository, options, () => fetchHead(repository));
  const files = head === undefined ? [] : await readFiles(repository, head, `events/${model}`);
  const parsed = parseLedger(files);
  if (parsed.ok) return ok({ head, files, events: parsed.value });
  const [first, ...rest] = parsed.error.map((problem) => ({ ...problem, where: onBranch(problem) }));
  return first === undefined ? ok({ head, files, events: [] }) : err([first, ...rest]);
}

/** A line of the ledger is in no checkout; naming the branch keeps it from being taken for a file of one. */
function onBranch({ where }: Problem): NonNullable<Problem['where']> {
  const place = where?.kind === 'file' ? where : { kind: 'file' as const, file: 'events' };
  return { ...place, file: `${LEDGER_BRANCH}:${place.file}` };
}

function addLines(files: readonly LedgerFile[], events: readonly LedgerEvent[]): readonly LedgerFile[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const changed = new Set<string>();
  let newest = files.at(-1)?.path;
  for (const event of events) {
    newest = ledgerPath(event, newest);
    const text = texts.get(newest) ?? '';
    const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    texts.set(newest, ended + formatLine(event));
    changed.add(newest);
  }
  return [...changed].map((path) => ({ path, text: texts.get(path) ?? '' }));
}

function describeCommit(model: string, events: readonly LedgerEvent[]): string {
  const [first] = events;
  const kinds = events.map(({ kind }) => kind).join(', ');
  return `${model}: ${kinds}\n\nCause: ${first?.cause.kind} ${first?.cause.id}\nActor: ${first?.actor}\n`;
}

async function withRetries<T>(
  { remote }: LedgerRepository,
  { clock, random = Math.random }: GitLedgerOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (thrown) {
      if (!(thrown instanceof GitFailure) || thrown.kind === 'local') throw thrown;
      if (thrown.kind !== 'unreachable') throw refused(remote, thrown);
      if (tries >= MAX_NETWORK_TRIES) throw unreachable(remote, thrown);
      await clock.wait(NETWORK_DELAY_MS * 2 ** (tries - 1) * (0.5 + random()));
    }
  }
}

function refused(remote: string, cause: GitFailure): UserError {
  const denied = {
    code: 'ledger-denied',
    message: `The ledger's remote refuses us: ${cause.message}.`,
    remedy: `Give the job \`permissions: contents: write\`, and let it push to the branch ${LEDGER_BRANCH}.`,
  };
  const notFound = {
    code: 'ledger-remote-not-found',
    message: `The ledger's remote is not there: ${cause.message}.`,
    remedy: 'Check the address of the repository, and that the token may read it.',
  };
  const problem = cause.kind === 'denied' ? denied : notFound;
  return new UserError([{ ...problem, where: endpoint(remote) }], { cause });
}

function unreachable(remote: string, cause: GitFailure): ServiceError {
  return new ServiceError(
    {
      code: LEDGER_UNREACHABLE,
      message: `The ledger can't be reached: ${cause.message} (${MAX_NETWORK_TRIES} tries).`,
      remedy: 'Check that this machine reaches the git host, then run the job again: nothing is done twice.',
      where: endpoint(remote),
    },
    { cause },
  );
}

function busy(remote: string): Problem {
  return {
    code: 'ledger-busy',
    message: `Other jobs wrote to the ledger first, ${MAX_RACES} times in a row.`,
    remedy: 'Run the job again; if this repeats, look for a job that writes without end.',
    where: endpoint(remote),
  };
}

function firstOf([first, ...rest]: readonly [Problem, ...Problem[]]): Problem {
  if (rest.length === 0) return first;
  return { ...first, message: `${first.message} ${rest.length} more lines can't be read either.` };
}

function endpoint(remote: string): { readonly kind: 'endpoint'; readonly endpoint: string } {
  return { kind: 'endpoint', endpoint: withoutCredentials(remote) };
}

/** One piece of work at a time: they share a repository on disk. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
