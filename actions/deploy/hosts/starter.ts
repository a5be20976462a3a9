import type { LedgerState, VersionState } from '../../../core/ledger/state.ts';
import type { AgentPort, Clock, Log } from '../../../core/ports.ts';
import { type Attest, prove } from '../../serving/attest.ts';
import type { PackagePlace, PackageSource } from '../../serving/package-source.ts';
import { type Started, startOnHost } from '../../serving/start-on-host.ts';
import { type Startable, startableOf } from '../../serving/startable.ts';
import type { Journal } from '../journal.ts';

/** How long an instance may take to become ready (models of gigabytes load from disk and warm up), in ms. */
export const READY_TIMEOUT_MS = 15 * 60_000;

/** Brings versions up on hosts for this job. */
export type Starter = {
  /** What the ledger is to say of a package that it does not know. */
  readonly describe: PackageSource['describe'];
  /**
   * A version in the package that lies at `place`, with its provenance: signed now, or that on record where it can't be. What served before
   * needs no key to serve again.
   */
  readonly prepare: (state: LedgerState, version: VersionState, place: PackagePlace) => Startable;
  /** Starts it on one host, dark, and waits until it is ready or has failed. */
  readonly start: (agent: AgentPort, startable: Startable) => Promise<Started>;
};

/** A starter of one model's versions. It gives up waiting when `signal` aborts. */
export function createStarter(options: {
  readonly packages: PackageSource;
  readonly attest: Attest;
  readonly journal: Pick<Journal, 'model' | 'environment' | 'history'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly signal: AbortSignal;
}): Starter {
  const { packages, attest, journal, clock, log, signal } = options;
  const { model, environment, history } = journal;
  return {
    describe: packages.describe,
    prepare: (state, known, place) =>
      startableOf(packages, {
        subject: { model, ...known },
        place,
        prove: () => prove({ attest, history, log }, state, { known, package: place.package, environment }),
      }),
    start: (agent, startable) => startOnHost(agent, startable, { clock, readyMs: READY_TIMEOUT_MS, signal }),
  };
}
