import { addSeconds, isAfter } from '../../core/instant.ts';
import type { AgentPort, Clock } from '../../core/ports.ts';
import { HANDLER_DIGESTS } from '../../core/serving/handler-digests.ts';
import type { Startable } from './startable.ts';

/** A version that is starting is asked for after so many ms, then less and less often. */
const READY_POLL_MS = { first: 200, growth: 1.2, longest: 2_000 } as const;

type Patience = { readonly clock: Clock; readonly readyMs: number; readonly signal?: AbortSignal };

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
  const { model, version } = startable;
  const present = await agent.getInstance(model, version);
  if (present?.state === 'ready' && present.package === startable.package) return { ok: true };
  const local = await startable.fetch();
  for (const { digest, file } of local.blobs) await agent.putBlob(digest, file);
  const envelope = await startable.prove();
  const start = {
    manifest: local.manifestDigest,
    handlers: [...HANDLER_DIGESTS],
    ...(envelope && { envelope }),
  };
  const deadline = addSeconds(clock.now(), readyMs / 1_000);
  let instance = await agent.startInstance(model, version, start);
  let pollMs: number = READY_POLL_MS.first;
  while (instance.state !== 'ready') {
    if (instance.state === 'failed' || isAfter(clock.now(), deadline)) {
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
