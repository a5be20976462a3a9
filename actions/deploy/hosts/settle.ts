import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import { ServiceError } from '../../../core/errors.ts';
import { championOf } from '../../../core/ledger/champion-of.ts';
import type { EnvironmentState } from '../../../core/ledger/state.ts';
import type { AgentPort } from '../../../core/ports.ts';
import { registryFollows } from '../../serving/registry-follows.ts';
import { startOnHost } from '../../serving/start-on-host.ts';
import type { Startable } from '../../serving/startable.ts';
import { stopOthers } from '../../serving/stop-others.ts';
import { type Deployment, hereIn, readState } from '../deploy-context.ts';
import { attestedStartable, patienceOf } from './startable.ts';
import { setTraffic } from './traffic.ts';

/**
 * Makes hosts and registry agree with the ledger when no rollout is open: traffic, instances, aliases, tags. It may be done
 * again at any time, so a job that was killed after its last event loses nothing. A host out of reach is left to monitor-check.
 */
export async function settle(deployment: Deployment): Promise<void> {
  const here = await settleHosts(deployment);
  const { request, ports } = deployment;
  if (here === undefined) return;
  await registryFollows({ registry: ports.tracking, log: ports.log }, request.config.model, here);
}

/** The same for the hosts alone. Gives what they were brought to agree with. */
export async function settleHosts(deployment: Deployment): Promise<EnvironmentState | undefined> {
  const state = await readState(deployment);
  const here = hereIn(deployment, state);
  const { champion, previous, rollout } = here;
  if (champion === undefined || rollout !== undefined) return undefined;
  const keep = new Set([champion.version, ...(previous === undefined ? [] : [previous.version])]);
  const serving = championOf(state, deployment.request.environmentName);
  const startable = serving?.package && attestedStartable(deployment, state, serving, serving.package);
  const { model } = deployment.request.config;
  deployment.ports.fleet.readmit();
  await deployment.ports.fleet.onEveryHost(async (agent) => {
    if (startable !== undefined) await ensureReady(deployment, agent, startable);
    await setTraffic(agent, model, serveOnly(champion.version));
    await stopOthers(agent, (await agent.state()).instances, { model, keep });
  });
  return here;
}

/** A host that was away may never have had the version. One that serves it already keeps it, whatever its state. */
async function ensureReady(deployment: Deployment, agent: AgentPort, startable: Startable): Promise<void> {
  const present = await agent.getTraffic(startable.model);
  if (present?.stable === startable.version) return;
  const started = await startOnHost(agent, startable, patienceOf(deployment));
  if (started.ok) return;
  throw new ServiceError({
    code: started.code,
    message: `Version ${startable.version} did not become ready: ${started.message}.`,
    remedy: 'The host serves on what it served. Mend it, and run this job again.',
    where: { kind: 'endpoint', endpoint: agent.url },
  });
}
