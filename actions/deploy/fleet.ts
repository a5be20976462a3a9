import { ServiceError } from '../../core/errors.ts';
import type { AgentPort } from '../../core/ports.ts';
import type { Brake, SetTraffic, StartInstance, Traffic } from '../../core/serving/api.ts';
import type { LocalPackage } from '../package-source.ts';
import type { Deployment } from './deploy-context.ts';

/** How long an instance may take to become ready (models of gigabytes load from disk and warm up), in ms. */
const READY_TIMEOUT_MS = 15 * 60_000;
const READY_POLL_MS = 1_000;
/** A change of traffic is lost to another at most this often before something else is wrong. */
const TRAFFIC_ATTEMPTS = 5;

/** What came of starting a version on all hosts. */
export type Started =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Does the same on every host at once. Every host is tried; then the first failure is thrown. */
export async function onEveryHost<T>(
  agents: readonly AgentPort[],
  work: (agent: AgentPort) => Promise<T>,
): Promise<readonly T[]> {
  const settled = await Promise.allSettled(agents.map(work));
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** Brings a version up on every host without traffic, and waits until each is ready or one has failed. */
export async function startEverywhere(
  { request, ports }: Deployment,
  version: string,
  local: LocalPackage,
  envelope: StartInstance['envelope'],
): Promise<Started> {
  const { model } = request.config;
  const deadline = Date.parse(ports.clock.now()) + READY_TIMEOUT_MS;
  const results = await onEveryHost(ports.agents, async (agent): Promise<Started> => {
    for (const { digest, file } of local.blobs) await agent.putBlob(digest, file);
    const start = { manifest: local.manifestDigest, ...(envelope && { envelope }) };
    let instance = await agent.startInstance(model, version, start);
    while (instance.state !== 'ready') {
      if (instance.state === 'failed' || Date.parse(ports.clock.now()) > deadline) {
        const said = instance.message ?? `it is ${instance.state} after ${READY_TIMEOUT_MS / 60_000} minutes`;
        return { ok: false, code: instance.code ?? 'not-ready', message: `${agent.url}: ${said}` };
      }
      await ports.clock.wait(READY_POLL_MS, request.signal);
      instance =
        (await agent.getInstance(model, version)) ?? (await agent.startInstance(model, version, start));
    }
    return { ok: true };
  });
  return results.find((result) => !result.ok) ?? { ok: true };
}

/** What became of a wish for traffic on one host: it holds, or the agent has braked the rollout by itself. */
export type TrafficResult = { readonly kind: 'set' } | { readonly kind: 'braked'; readonly brake: Brake };

/** Sets traffic on one host, again when another change came between; a brake on the same rollout is never overridden. */
export async function setTraffic(
  agent: AgentPort,
  model: string,
  wanted: SetTraffic,
): Promise<TrafficResult> {
  let present = await agent.getTraffic(model);
  for (let attempt = 0; attempt < TRAFFIC_ATTEMPTS; attempt += 1) {
    const brake = brakeOn(present, wanted);
    if (brake !== undefined) return { kind: 'braked', brake };
    const result = await agent.setTraffic(model, wanted, present?.revision);
    if (result.ok) return { kind: 'set' };
    present = result.error;
  }
  throw new ServiceError({
    code: 'traffic-contended',
    message: `Traffic of ${model} was changed by someone else ${TRAFFIC_ATTEMPTS} times in a row.`,
    remedy: 'Look for a second deploy job or a script that talks to this agent, and run this job again.',
    where: { kind: 'endpoint', endpoint: agent.url },
  });
}

function brakeOn(present: Traffic | undefined, wanted: SetTraffic): Brake | undefined {
  const rollout = wanted.lease?.rollout;
  return rollout !== undefined && present?.brake?.rollout === rollout ? present.brake : undefined;
}

/** Sets the same traffic on every host, and gives the first brake if an agent has braked. */
export async function setTrafficEverywhere(
  { request, ports }: Deployment,
  wanted: SetTraffic,
): Promise<Brake | undefined> {
  const results = await onEveryHost(ports.agents, (agent) => setTraffic(agent, request.config.model, wanted));
  return results.find((result) => result.kind === 'braked')?.brake;
}

/** Stops instances of versions that are neither serving nor kept to return to. */
export async function stopOthers({ request, ports }: Deployment, keep: ReadonlySet<string>): Promise<void> {
  const { model } = request.config;
  await onEveryHost(ports.agents, async (agent) => {
    const { instances } = await agent.state();
    const surplus = instances.filter(
      (instance) => instance.model === model && instance.state !== 'stopped' && !keep.has(instance.version),
    );
    for (const { version } of surplus) await agent.stopInstance(model, version);
  });
}
