import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import { ServiceError } from '../../../core/errors.ts';
import type { AgentPort } from '../../../core/ports.ts';
import type { Startable } from '../../serving/startable.ts';
import type { Starter } from './starter.ts';
import { setTraffic } from './traffic.ts';

/**
 * Brings a version up on a host that may never have had it, or was away. One that serves it already keeps it, whatever its state; one
 * that serves nothing, as a machine that came back empty, gives it all requests as soon as it is ready. Rejects with a ServiceError where it does not become ready.
 */
export async function ensureServing(
  { start }: Pick<Starter, 'start'>,
  agent: AgentPort,
  startable: Startable,
): Promise<void> {
  const present = await agent.getTraffic(startable.model);
  if (present?.stable === startable.version) return;
  const { model, version } = startable;
  const started = await start(agent, startable);
  if (started.ok) {
    const isEmpty = present?.stable === undefined && present?.braked === undefined;
    // Nobody's word is asked for: it has braked nothing.
    if (isEmpty) await setTraffic(agent, { model, wanted: serveOnly(version, []) });
    return;
  }
  throw new ServiceError({
    code: started.code,
    message: `Version ${version} did not become ready: ${started.message}.`,
    remedy: 'The host serves on what it served. Mend it, and run this job again.',
    where: { kind: 'endpoint', endpoint: agent.url },
  });
}
