import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import { ServiceError } from '../../../core/errors.ts';
import type { AgentPort } from '../../../core/ports.ts';
import type { Startable } from '../../serving/startable.ts';
import type { Starter } from './starter.ts';

/**
 * Brings a version up on a host that may never have had it, or was away. One that serves it already keeps it, whatever its state; one
 * that serves nothing, as a machine that came back empty, gives it all requests as soon as it is ready. Rejects with a ServiceError where
 * it does not become ready.
 */
export async function ensureServing(
  { start }: Pick<Starter, 'start'>,
  agent: AgentPort,
  startable: Startable,
): Promise<void> {
  const { model, version } = startable;
  if ((await agent.getTraffic(model))?.stable === version) return;
  const started = await start(agent, startable);
  if (started.ok) return fillEmpty(agent, startable);
  throw new ServiceError({
    code: started.code,
    message: `Version ${version} did not become ready: ${started.message}.`,
    remedy: 'The host serves on what it served. Mend it, and run this job again.',
    where: { kind: 'endpoint', endpoint: agent.url },
  });
}

/** Looks again after the start, which may take minutes: whatever order has come meanwhile stands. */
async function fillEmpty(
  agent: AgentPort,
  { model, version }: Pick<Startable, 'model' | 'version'>,
): Promise<void> {
  const present = await agent.getTraffic(model);
  if (present?.stable !== undefined || present?.braked !== undefined) return;
  // Nobody's word is asked for: it has braked nothing.
  await agent.setTraffic(model, serveOnly(version, []), present?.revision);
}
