import { ServiceError } from '../../../core/errors.ts';
import type { AgentPort, Log } from '../../../core/ports.ts';
import type { Brake, SetTraffic } from '../../../core/serving/api.ts';
import { harmBrake } from '../../../core/serving/harm-brake.ts';
import type { Fleet } from './fleet.ts';

/** A change of traffic is lost to another at most this often before something else is wrong. */
const TRAFFIC_ATTEMPTS = 5;

/** How an agent refuses traffic for a version that it is starting. */
const NOT_READY = 'not-ready';

/** What became of a wish for traffic on one host: it holds, it waits for a version, or the agent has braked the rollout by itself. */
type TrafficResult =
  | { readonly kind: 'set' | 'awaited' }
  | { readonly kind: 'braked'; readonly brake: Brake };

/** Traffic for one host, and the rollout whose brakes stop it: the one it is of, where nobody names another. */
type TrafficOrder = {
  readonly model: string;
  readonly wanted: SetTraffic;
  readonly heed?: string | undefined;
};

/** Sets traffic on one host, again when another change came between; a brake for harm on the heeded rollout is never overridden. */
export async function setTraffic(
  agent: AgentPort,
  { model, wanted, heed = wanted.lease?.rollout }: TrafficOrder,
): Promise<TrafficResult> {
  let present = await agent.getTraffic(model);
  for (let attempt = 0; attempt < TRAFFIC_ATTEMPTS; attempt += 1) {
    const brake = harmBrake(present, heed);
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

/** Which hosts take part in a change of traffic. */
export type Participants = {
  readonly isReady: (url: string) => boolean;
  /** A host has lost its model servers and is starting the version again: it takes no part until it is ready. */
  readonly startAgain: (url: string) => void;
};

const ALL: Participants = { isReady: () => true, startAgain: () => undefined };

/** What hosts are to do with the requests for a model. */
type TrafficWish = {
  readonly model: string;
  readonly wanted: SetTraffic;
  /** All hosts, where nobody says which. */
  readonly participants?: Participants;
};

/** Sets the same traffic on the hosts that can be reached and take part, and gives the first brake if an agent has braked. */
export async function setTrafficEverywhere(
  { fleet, log }: { readonly fleet: Fleet; readonly log: Log },
  { model, wanted, participants: { isReady, startAgain } = ALL }: TrafficWish,
): Promise<Brake | undefined> {
  const results = await fleet.onEveryHost(async (agent): Promise<TrafficResult> => {
    if (!isReady(agent.url)) return { kind: 'awaited' };
    try {
      return await setTraffic(agent, { model, wanted });
    } catch (thrown) {
      if (!(thrown instanceof ServiceError) || thrown.problem.code !== NOT_READY) throw thrown;
      log.warn(thrown.message);
      startAgain(agent.url);
      return { kind: 'awaited' };
    }
  });
  return results.find((result) => result.kind === 'braked')?.brake;
}
