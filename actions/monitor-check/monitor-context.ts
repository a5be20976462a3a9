import type { Config, Environment } from '../../core/config/config.ts';
import type { SendNotice } from '../../core/monitor/notice/notice.ts';
import type { AgentPort, Clock, GitHub, Ledger, Log, Tracking } from '../../core/ports.ts';
import type { DispatchPayload, UnsignedPayload } from '../../core/serving/dispatch-payload.ts';
import type { Author } from '../job/author.ts';
import type { Attest } from '../serving/attest.ts';
import type { PackageSource } from '../serving/package-source.ts';
import type { ModelRegistry } from '../serving/registry-follows.ts';

type MonitorRequest = {
  readonly config: Config;
  readonly environmentName: string;
  readonly environment: Environment;
  readonly author: Author;
  readonly runUrl: string;
};

type MonitorPorts = {
  readonly ledger: Ledger;
  /** What MLflow knows of trainings, and the registry that follows the ledger. */
  readonly tracking: Pick<Tracking, 'findRuns'> & ModelRegistry;
  /** One per serving host of the environment. */
  readonly agents: readonly AgentPort[];
  readonly packages: PackageSource;
  /** Signs what a host is to serve: one that has obeyed a later order takes no older one. */
  readonly attest: Attest;
  readonly github: GitHub;
  readonly clock: Clock;
  /** Keeps a text as a file of that name until the job ends; gives its path. */
  readonly saveFile: (name: string, text: string) => Promise<string>;
  readonly log: Log;
  /** Tells a service outside of GitHub; `undefined` where the job has no address of one. */
  readonly sendNotice: SendNotice | undefined;
  /** Signs a dispatch; gives `undefined` when the job has no dispatch secret for its environment, and then none is sent. */
  readonly sign: (type: string, payload: UnsignedPayload) => DispatchPayload | undefined;
};

/** One check of one environment, and the world it is made in. */
export type Monitoring = { readonly request: MonitorRequest; readonly ports: MonitorPorts };

/** What of a check asks the hosts, and judges what they say. */
export type Gathering = {
  readonly request: Pick<MonitorRequest, 'config' | 'environmentName'> & {
    readonly author: Pick<Author, 'cause' | 'workflow'>;
  };
  readonly ports: Pick<MonitorPorts, 'agents'> & {
    readonly clock: Pick<Clock, 'now'>;
    readonly packages: Pick<PackageSource, 'fetchProfile'>;
    readonly github: Pick<GitHub, 'lastScheduledRun'>;
    readonly log: Pick<Log, 'warn'>;
  };
};
