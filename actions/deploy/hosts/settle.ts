import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import { messageOf, ServiceError } from '../../../core/errors.ts';
import { type EnvironmentState, type LedgerState, lookUp } from '../../../core/ledger/state.ts';
import { ALIASES, TAGS } from '../../../core/names.ts';
import type { AgentPort } from '../../../core/ports.ts';
import { type Startable, startOnHost } from '../../serving/start-on-host.ts';
import { stopOthers } from '../../serving/stop-others.ts';
import { type Deployment, hereIn, readState } from '../deploy-context.ts';
import { patienceOf, startableOf } from './startable.ts';
import { setTraffic } from './traffic.ts';

/**
 * Makes hosts and registry agree with the ledger when no rollout is open: traffic, instances, aliases, tags. It may be done
 * again at any time, so a job that was killed after its last event loses nothing. A host out of reach is left to monitor-check.
 */
export async function settle(deployment: Deployment): Promise<void> {
  const here = await settleHosts(deployment);
  if (here !== undefined) await project(deployment, here);
}

/** The same for the hosts alone. Gives what they were brought to agree with. */
export async function settleHosts(deployment: Deployment): Promise<EnvironmentState | undefined> {
  const state = await readState(deployment);
  const here = hereIn(deployment, state);
  const { champion, previous, rollout } = here;
  if (champion === undefined || rollout !== undefined) return undefined;
  const keep = new Set([champion.version, ...(previous === undefined ? [] : [previous.version])]);
  const startable = findChampion(deployment, state, champion.version);
  const { model } = deployment.request.config;
  deployment.ports.fleet.readmit();
  await deployment.ports.fleet.onEveryHost(async (agent) => {
    if (startable !== undefined) await ensureReady(deployment, agent, startable);
    await setTraffic(agent, model, serveOnly(champion.version));
    await stopOthers(agent, (await agent.state()).instances, { model, keep });
  });
  return here;
}

function findChampion(deployment: Deployment, state: LedgerState, champion: string): Startable | undefined {
  const version = lookUp(state.versions, champion);
  const place = version?.package;
  return version && place && startableOf(deployment, state, version, place);
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

/** Aliases and tags in MLflow follow the ledger; monitor-check repairs them when this fails. */
async function project({ request, ports }: Deployment, here: EnvironmentState): Promise<void> {
  const { model } = request.config;
  const { tracking, log } = ports;
  const { champion, previous, history } = here;
  try {
    await tracking.setAlias(model, ALIASES.champion, champion?.version);
    await tracking.setAlias(model, ALIASES.previous, previous?.version);
    const challenger = await tracking.getAlias(model, ALIASES.challenger);
    if (challenger !== undefined && history.some(({ version }) => version === challenger)) {
      await tracking.setAlias(model, ALIASES.challenger, undefined);
    }
    const ended = history.at(-1);
    if (ended?.outcome === 'rolled-back') {
      await tracking.setVersionTags(model, ended.version, { [TAGS.life]: 'archived' });
    }
    if (previous !== undefined)
      await tracking.setVersionTags(model, previous.version, { [TAGS.life]: 'archived' });
    if (champion !== undefined)
      await tracking.setVersionTags(model, champion.version, { [TAGS.life]: 'production' });
  } catch (thrown) {
    log.warn(`The aliases in MLflow could not be brought up to date: ${messageOf(thrown)}`);
  }
}
