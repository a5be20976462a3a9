import type { Instant } from '../../core/instant.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { LedgerHead } from '../../core/ledger/head/ledger-head.ts';
import type { Clock, RunCommand } from '../../core/ports.ts';
import { runCommand } from '../run-command.ts';
import type { LineKeys } from '../signing/line-keys.ts';
import { checkoutSettings, tokenSettings } from './credentials.ts';
import { GitFailure } from './failure.ts';
import { failed, refused, unreachable } from './ledger-problems.ts';
import type { LedgerReading } from './read-ledger.ts';
import type { StandIn } from './read-past-damage.ts';
import { type Committer, type LedgerRepository, openLedgerRepository } from './repository.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
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
  /**
   * What it is opened for. What takes back is done also where lines can't be read, or their signatures not be believed: see
   * `readPastDamage`. All else refuses such a ledger, and is what is meant unless told.
   */
  readonly purpose?: 'take-back' | 'all';
  /** Told once of each thing in a ledger that deserves a look and stops nothing. */
  readonly onWarning?: (message: string) => void;
  readonly timeoutMs?: number;
  /** Runs git; as a child of this process unless told otherwise. */
  readonly run?: RunCommand;
  /** Spreads the retries of writers that collide. */
  readonly random?: () => number;
};

/** The ledger of one remote: its copy here, and what was last read of each model. */
export type OpenLedger = {
  readonly repository: LedgerRepository;
  readonly options: GitLedgerOptions;
  readonly readings: Map<string, LedgerReading>;
  /** What stands in for a commit of a model that can't be used, by the commit. */
  readonly standIns: Map<string, { readonly head: string; readonly standIn: StandIn }>;
  /** By model: what could not be written, for the branch is damaged. */
  readonly waiting: Map<string, readonly LedgerEvent[]>;
  /** How far this process has seen each model's ledger go: what it has written included. */
  readonly heads: Map<string, LedgerHead>;
  /** Warnings that were given: each once. */
  readonly told: Set<string>;
  /** When each of git's commands was last obeyed by the remote. */
  readonly obeyed: Map<string, Instant>;
};

/** Makes the copy of a ledger that a job works on. */
export async function openLedger(options: GitLedgerOptions): Promise<OpenLedger> {
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
  const kept = { readings: new Map(), standIns: new Map(), waiting: new Map(), heads: new Map() };
  return { repository, options, ...kept, told: new Set(), obeyed: new Map() };
}

/** Gives a warning, unless it was given before. */
export function warnOnce({ told, options }: OpenLedger, warning: string): void {
  if (!told.has(warning)) options.onWarning?.(warning);
  told.add(warning);
}

/** What is kept while the remote of a ledger is asked. */
type Asking = Pick<OpenLedger, 'obeyed'> & {
  readonly repository: Pick<LedgerRepository, 'remote'>;
  readonly options: Pick<GitLedgerOptions, 'clock' | 'random'>;
};

/** Tries what needs the remote, some times where that may help. Rejects with a UserError or a ServiceError that says why it can't be done. */
export async function withRetries<T>(
  { repository, options, obeyed }: Asking,
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
