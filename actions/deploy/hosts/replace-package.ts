import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import { ServiceError } from '../../../core/errors.ts';
import type { AgentPort, Clock } from '../../../core/ports.ts';
import type { Word } from '../../../core/serving/api.ts';
import type { Startable } from '../../serving/startable.ts';
import { ensureServing } from './ensure-serving.ts';
import type { Starter } from './starter.ts';
import { setTraffic } from './traffic.ts';

/** An instance that is stopped is asked for so often, and so many times: it answers what it has begun before. */
const STOP_POLL_MS = 2_000;
const STOP_POLLS = 90;

type ReplacePorts = {
  readonly starter: Pick<Starter, 'start'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** The version in its right package, and one that answers meanwhile, with what persons have said for that. */
type Replacement = {
  readonly startable: Startable;
  readonly meanwhile: Startable | undefined;
  readonly words: readonly Word[];
};

/**
 * Where a host runs the version under another package, has it answer by the version before, stops it, and brings it up in the right
 * one. Gives whether it had to. Rejects with a ServiceError where nothing could answer meanwhile, or a version does not become ready.
 */
export async function replacePackage(
  { starter, clock, signal }: ReplacePorts,
  agent: AgentPort,
  { startable, meanwhile, words }: Replacement,
): Promise<boolean> {
  const { model, version } = startable;
  const isOther = async () => {
    const present = await agent.getInstance(model, version);
    const isLive = present !== undefined && present.state !== 'stopped' && present.state !== 'failed';
    return isLive && present.package !== startable.package;
  };
  if (!(await isOther())) return false;
  if ((await agent.getTraffic(model))?.stable === version) {
    if (meanwhile === undefined) throw nothingMeanwhile(agent.url, version);
    await ensureServing(starter, agent, meanwhile);
    await setTraffic(agent, { model, wanted: serveOnly(meanwhile.version, words) });
  }
  await agent.stopInstance(model, version);
  for (let poll = 0; poll < STOP_POLLS && (await isOther()); poll += 1)
    await clock.wait(STOP_POLL_MS, signal);
  await ensureServing(starter, agent, startable);
  return true;
}

function nothingMeanwhile(url: string, version: string): ServiceError {
  return new ServiceError({
    code: 'nothing-meanwhile',
    message: `${url} serves version ${version} under another package, and there is no version before it that could answer while it is replaced.`,
    remedy: 'Roll out a new version: it takes the place of this one.',
    where: { kind: 'endpoint', endpoint: url },
  });
}
