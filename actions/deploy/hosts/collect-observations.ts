import type { AgentPort } from '../../../core/ports.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import type { Fleet } from './fleet.ts';

/** The agent gives at most this many observations in one answer. */
const OBSERVATIONS_PER_CALL = 1_000;

/** Each call gives the observations that hosts have made since the call before. A host out of reach gives them once it is back. */
export function collectObservations(
  { onEveryHost }: Pick<Fleet, 'onEveryHost'>,
  model: string,
  rollout: string,
): () => Promise<readonly Observation[]> {
  const last = new Map<string, number>();
  const collectFrom = async (agent: AgentPort): Promise<readonly Observation[]> => {
    const found: Observation[] = [];
    for (;;) {
      const after = last.get(agent.url) ?? 0;
      const fresh = await agent.observations(model, rollout, after);
      found.push(...fresh);
      last.set(agent.url, Math.max(after, ...fresh.map(({ seq }) => seq)));
      if (fresh.length < OBSERVATIONS_PER_CALL) return found;
    }
  };
  return async () => (await onEveryHost(collectFrom)).flat();
}
