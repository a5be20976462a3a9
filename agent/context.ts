import type { Log } from '../core/ports.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { DataPlane } from './envoy/envoy.ts';
import type { LookAtGpus } from './machine/gpu-look.ts';
import type { Exchange } from './machine/reach-out.ts';
import type { SteadyClock } from './machine/steady-clock.ts';
import type { AgentOptions } from './options/options.ts';
import type { Runtime } from './runtimes/runtime.ts';
import type { Blobs } from './store/blobs.ts';
import type { Store } from './store/store.ts';
import type { CertificateBook } from './tls/certificate-book.ts';

/** What every part of the agent works with. */
export type AgentContext = {
  readonly options: AgentOptions;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly runtime: Runtime;
  readonly proxy: DataPlane;
  /** The way to services beyond this host. */
  readonly exchange: Exchange;
  /** What the control API is secured with; absent where it speaks plain HTTP. */
  readonly certificate: CertificateBook | undefined;
  readonly gpus: LookAtGpus;
  /** What is written down of calls. */
  readonly audit: AuditLog;
  readonly clock: SteadyClock;
  readonly log: Log;
  readonly startedAt: string;
};
