import type { Config, Environment } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { createEvent, type EventContext } from '../../core/ledger/create-event.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import type { LedgerEvent, LedgerEventData, LedgerEventKind } from '../../core/ledger/event.ts';
import {
  type EnvironmentState,
  environmentOf,
  type LedgerState,
  lookUp,
  type VersionState,
} from '../../core/ledger/state.ts';
import type { Clock, Ledger, Log, RolloutRecords, Tracking } from '../../core/ports.ts';
import type { Author } from '../job/author.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { Plan } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import type { PackageSource } from '../serving/package-source.ts';
import type { Announcer } from './announcer.ts';
import type { Fleet } from './hosts/fleet.ts';

export type DeployRequest = {
  readonly plan: Plan;
  readonly config: Config;
  readonly environmentName: string;
  readonly environment: Environment;
  /** What the earlier jobs made, where the chain ran them; the ledger knows the rest. */
  readonly package: string | undefined;
  readonly version: string | undefined;
  readonly detach: boolean;
  readonly author: Author;
  readonly signal: AbortSignal;
};

export type DeployPorts = {
  readonly ledger: Ledger;
  readonly tracking: Tracking;
  readonly records: RolloutRecords;
  /** The serving hosts of the environment. */
  readonly fleet: Fleet;
  readonly packages: PackageSource;
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly log: Log;
  /** A signed statement of where a version comes from; `undefined` when no signing key is configured. */
  readonly attest: (state: LedgerState, version: VersionState, packageName: string) => Envelope | undefined;
};

export type Deployment = { readonly request: DeployRequest; readonly ports: DeployPorts };
export type Deployed = OutcomeOf<typeof CONTRACTS.deploy>;

/** An event of this job, now. `parts` tell apart events of one kind. */
export function entry<K extends LedgerEventKind>(
  { request, ports }: Deployment,
  kind: K,
  data: LedgerEventData<K>,
  ...parts: readonly (string | number)[]
): LedgerEvent {
  const context: EventContext = { ...request.author, at: ports.clock.now() };
  return createEvent(context, kind, data, request.environmentName, ...parts);
}

/** The model's state in the ledger. */
export function readState({ request, ports }: Deployment): Promise<LedgerState> {
  return ports.ledger.read(request.config.model);
}

/** The state of the environment this job deploys to. */
export function hereIn({ request }: Deployment, state: LedgerState): EnvironmentState {
  return environmentOf(state, request.environmentName);
}

/** A registered version. Rejects with a UserError when the ledger does not know it. */
export function requireVersion(state: LedgerState, version: string): VersionState {
  const known = lookUp(state.versions, version);
  if (known !== undefined) return known;
  const registered = Object.keys(state.versions).join(', ') || 'none';
  throw new UserError([
    {
      code: 'version-unknown',
      message: `The ledger has no version ${version} of ${state.model} (it has ${registered}).`,
      remedy: 'Name one of these, or train and register a new one.',
    },
  ]);
}
