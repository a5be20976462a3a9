import type { Envelope } from '../../core/ledger/envelope.ts';
import type { AgentPort, Clock } from '../../core/ports.ts';
import type { LocalPackage } from './package-source.ts';

/** A version that is starting is asked for after so many ms, then less and less often. */
const READY_POLL_MS = { first: 200, growth: 1.2, longest: 2_000 } as const;

/** A version, and what a host needs to bring it up. */
export type Startable = {
  readonly model: string;
  readonly version: string;
  /** `<model>@sha256:…` */
  readonly package: string;
  /** Brings its files to this machine: asked for only where a host does not run it already. */
  readonly fetch: () => Promise<LocalPackage>;
  readonly envelope: Envelope | undefined;
};

export type Patience = { readonly clock: Clock; readonly readyMs: number; readonly signal?: AbortSignal };

/** What came of starting a version. */
export type Started =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Brings a version up on one host without traffic, and waits until it is ready, has failed, or the patience is at an end. */
export async function startOnHost(
  agent: AgentPort,
  startable: Startable,
  { clock, readyMs, signal }: Patience,
): Promise<Started> {
  const { model, version, envelope } = startable;
  const present = await agent.getInstance(model, version);
  if (present?.state === 'ready' && present.package === startable.package) return { ok: true };
  const local = await startable.fetch();
  for (const { digest, file } of local.blobs) await agent.putBlob(digest, file);
  const start = { manifest: local.manifestDigest, ...(envelope && { envelope }) };
  const deadline = Date.parse(clock.now()) + readyMs;
  let instance = await agent.startInstance(model, version, start);
  let pollMs: number = READY_POLL_MS.first;
  while (instance.state !== 'ready') {
    if (instance.state === 'failed' || Date.parse(clock.now()) > deadline) {
      const said = instance.message ?? `it is ${instance.state} after ${readyMs / 60_000} minutes`;
      return { ok: false, code: instance.code ?? 'not-ready', message: `${agent.url}: ${said}` };
    }
    await clock.wait(pollMs, signal);
    pollMs = Math.min(READY_POLL_MS.longest, pollMs * READY_POLL_MS.growth);
    instance =
      (await agent.getInstance(model, version)) ?? (await agent.startInstance(model, version, start));
  }
  return { ok: true };
}
