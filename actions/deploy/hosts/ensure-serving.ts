import { ServiceError } from '../../../core/errors.ts';
import type { AgentPort } from '../../../core/ports.ts';
import type { Startable } from '../../serving/startable.ts';
import type { Starter } from './starter.ts';

/**
 * Brings a version up on a host that may never have had it, or was away. One that serves it already keeps it, whatever its state.
 * Rejects with a ServiceError where it does not become ready.
 */
export async function ensureServing(
  { start }: Pick<Starter, 'start'>,
  agent: AgentPort,
  startable: Startable,
): Promise<void> {
  const present = await agent.getTraffic(startable.model);
  if (present?.stable === startable.version) return;
  const started = await start(agent, startable);
  if (started.ok) return;
  throw new ServiceError({
    code: started.code,
    message: `Version ${startable.version} did not become ready: ${started.message}.`,
    remedy: 'The host serves on what it served. Mend it, and run this job again.',
    where: { kind: 'endpoint', endpoint: agent.url },
  });
}
