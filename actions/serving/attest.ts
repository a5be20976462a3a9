import { systemClock } from '../../adapters/clock.ts';
import { signStatement } from '../../adapters/signing/attestation.ts';
import { messageOf } from '../../core/errors.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { type Destination, findEnvelope } from '../../core/ledger/find-envelope.ts';
import type { LedgerState, VersionState } from '../../core/ledger/state.ts';
import { buildStatement } from '../../core/ledger/statement.ts';
import { SECRETS } from '../../core/names.ts';
import type { Log } from '../../core/ports.ts';
import type { Host } from '../job/host.ts';

/** A signed statement of where a version comes from and where it may serve; `undefined` when no signing key is configured. */
export type Attest = (state: LedgerState, version: VersionState, packageName: string) => Envelope | undefined;

/** Signs with the job's key for one environment, when there is one: without it hosts that trust no key serve what they are given. */
export function attestWith({ env, workflow }: Pick<Host, 'env' | 'workflow'>, environment: string): Attest {
  const privateKey = env[SECRETS.signingKey];
  if (privateKey === undefined || privateKey === '') return () => undefined;
  return (state, version, packageName) => {
    const at = systemClock.now();
    const statement = buildStatement(state, version, { package: packageName, environment, workflow, at });
    return statement && signStatement(statement, privateKey);
  };
}

type ProofPorts = {
  readonly attest: Attest;
  /** The events of the model, where what was signed before stands. */
  readonly history: () => Promise<readonly LedgerEvent[]>;
  readonly log: Pick<Log, 'warn'>;
};

/**
 * The provenance that a host is given with a version: signed now, or that on record where it can't be. What is on record is older, and
 * a host that has obeyed a later order refuses it.
 */
export async function prove(
  { attest, history, log }: ProofPorts,
  state: LedgerState,
  { known, ...destination }: Destination & { readonly known: VersionState },
): Promise<Envelope | undefined> {
  const warn = (thrown: unknown) => {
    log.warn(`Provenance of version ${known.version}: ${messageOf(thrown)}`);
    return undefined;
  };
  const sign = async () => attest(state, known, destination.package);
  const recall = async () => findEnvelope(await history(), destination);
  return (await sign().catch(warn)) ?? (await recall().catch(warn));
}
