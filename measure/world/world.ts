import type { Config } from '../../core/config/config.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import type { RolloutRecord } from '../../core/rollout/record/record.ts';
import type { Draws } from '../simulate/draws.ts';
import type { GitFaults } from './github/git-client.ts';
import type { LedgerRemote } from './github/git-remote.ts';
import type { Served } from './host/clients.ts';
import type { WorldHost } from './host/host.ts';
import type { Setup, VersionBehaviour } from './schedule/setup.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** A head of the ledger's branch: what it held then, and who wrote it when. */
type LedgerHead = {
  readonly at: number;
  readonly by: string;
  /** Its files, one after the other. */
  readonly text: string;
  readonly events: readonly LedgerEvent[];
  readonly state: LedgerState;
};

/** How a job ended: with an outcome, or with an error in words. */
export type JobEnd = {
  readonly at: number;
  readonly job: string;
  readonly operation: string;
  /** When a person said it (ISO 8601); what began later they did not mean. */
  readonly saidAt?: string | undefined;
  readonly startedAt: number;
  readonly end:
    | {
        readonly kind: 'outcome';
        readonly outputs: Readonly<Record<string, string | undefined>>;
        readonly result: Readonly<Record<string, unknown>>;
      }
    | {
        readonly kind: 'failed';
        readonly message: string;
        /** Of the service that failed it; `undefined` where it was none. */
        readonly service: string | undefined;
      };
};

/** What became of the requests of a host, and whether its agent ran, and could see it and act, from the first of them to the last. */
type HostServed = Served & { readonly host: number; readonly agentRan: boolean; readonly canAct: boolean };

/** What is wrong with GitHub at present; times in ms since the world began. */
export type GitHubFaults = {
  downUntil: number;
  rateLimitedUntil: number;
  dispatches: { readonly as: 'lost' | 'doubled' | 'late'; readonly until: number } | undefined;
  /** Dispatches that were taken and have started nothing yet. */
  onTheWay: number;
};

/** Everything there is, as it is now. Invariants read it; injections change it. */
export type SimulatedWorld = {
  readonly setup: Setup;
  readonly config: Config;
  readonly time: Scheduler;
  readonly draws: Draws;
  readonly trace: Trace;
  readonly git: { readonly remote: LedgerRemote; readonly faults: GitFaults };
  readonly github: GitHubFaults;
  readonly hosts: readonly WorldHost[];
  readonly behaviours: Map<string, VersionBehaviour>;
  readonly traffic: { factor: number; until: number };
  /** No model server was ended, slowed down or made worse by anything that is injected. */
  readonly isUndisturbed: boolean;
  /** MLflow: aliases, and records of rollouts. */
  readonly aliases: Map<string, string>;
  readonly records: Map<string, RolloutRecord>;
  /** Heads of the ledger, oldest first. */
  readonly heads: LedgerHead[];
  /** What happened since it was last looked at. */
  readonly served: HostServed[];
  readonly ended: JobEnd[];
  /** Commands of people, as they were written. */
  readonly commands: {
    readonly id: number;
    readonly at: number;
    readonly by: string;
    readonly text: string;
  }[];
};
