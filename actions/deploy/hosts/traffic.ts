import { ServiceError } from '../../../core/errors.ts';
import type { AgentPort, Log } from '../../../core/ports.ts';
import type { Brake, SetTraffic, Traffic } from '../../../core/serving/api.ts';
import { harmBrake } from '../../../core/serving/brakes/harm-brake.ts';
import { standingBrakes } from '../../../core/serving/brakes/standing-brakes.ts';
import type { Fleet } from './fleet.ts';

/** A change of traffic is lost to another at most this often before something else is wrong. */
const TRAFFIC_ATTEMPTS = 5;

/** How an agent refuses traffic for a version that it is starting. */
const NOT_READY = 'not-ready';

/** How an agent refuses traffic for a rollout that it was told is over. */
const OVER = 'rollout-over';

/** What became of a wish for traffic on one host that could be set. */
type TrafficSet = { readonly kind: 'set' } | { readonly kind: 'braked'; readonly brake: Brake };

/** The same on a host of many: it may have to wait for a version there, or that host may know the rollout for over. */
type TrafficResult =
  | TrafficSet
  | { readonly kind: 'awaited' }
  | { readonly kind: 'over'; readonly thrown: ServiceError };

/** Traffic for one host, and the rollout whose brakes stop it: the one it is of, where nobody names another. */
type TrafficOrder = {
  readonly model: string;
  readonly wanted: SetTraffic;
  readonly heed?: string | undefined;
};

/**
 * Sets traffic on one host, again when another change came between; a brake for harm on the heeded rollout is never overridden, nor one
 * of an earlier rollout on the candidate for which no person has spoken since.
 */
export async function setTraffic(
  agent: AgentPort,
  { model, wanted, heed = wanted.lease?.rollout }: TrafficOrder,
): Promise<TrafficSet> {
  let present = await agent.getTraffic(model);
  for (let attempt = 0; attempt < TRAFFIC_ATTEMPTS; attempt += 1) {
    const brake = harmBrake(present, heed) ?? candidateBrake(present, wanted);
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

function candidateBrake(present: Traffic | undefined, wanted: SetTraffic): Brake | undefined {
  const { candidate } = wanted;
  if (candidate === undefined) return undefined;
  return standingBrakes(present, wanted).find(({ version }) => version === candidate);
}

/** Which hosts take part in a change of traffic. */
export type Participants = {
  readonly isReady: (url: string) => boolean;
  /** A host refuses traffic for a version that it lacks: it takes no part until it has started it again. */
  readonly startAgain: (url: string) => void;
  /** These hosts have obeyed the last order, and no others: only they count as taking part. */
  readonly haveObeyed: (urls: readonly string[]) => void;
};

/** What hosts are to do with the requests for a model. */
type TrafficWish = {
  readonly model: string;
  readonly wanted: SetTraffic;
  readonly participants: Participants;
};

type Answer = TrafficResult & { readonly url: string };

/**
 * Sets the same traffic on the hosts that can be reached and take part, and gives the first brake if an agent has braked. A host that
 * refuses takes part no longer. Rejects where a host was told before that the rollout is over.
 */
export async function setTrafficEverywhere(
  { fleet, log }: { readonly fleet: Fleet; readonly log: Log },
  { model, wanted, participants: { isReady, startAgain, haveObeyed } }: TrafficWish,
): Promise<Brake | undefined> {
  const answers = await fleet.onEveryHost(async (agent): Promise<Answer> => {
    const { url } = agent;
    if (!isReady(url)) return { url, kind: 'awaited' };
    try {
      return { url, ...(await setTraffic(agent, { model, wanted })) };
    } catch (thrown) {
      if (!(thrown instanceof ServiceError)) throw thrown;
      const { code } = thrown.problem;
      if (code === OVER) return { url, kind: 'over', thrown };
      if (code !== NOT_READY) throw thrown;
      log.warn(thrown.message);
      startAgain(url);
      return { url, kind: 'awaited' };
    }
  });
  haveObeyed(answers.filter(({ kind }) => kind === 'set').map(({ url }) => url));
  const over = answers.find((answer) => answer.kind === 'over');
  if (over !== undefined) throw over.thrown;
  return answers.find((answer) => answer.kind === 'braked')?.brake;
}
