import type { AgentPort } from '../../../core/ports.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import type { Fleet } from './fleet.ts';

/** The agent gives at most this many observations in one answer. */
const OBSERVATIONS_PER_CALL = 1_000;

/** The last observation that a host gave, and the id of the database that numbered it. */
type Cursor = { readonly hostId: string; readonly seq: number };

/**
 * Each call gives the observations that hosts have made since the call before. A host that is away gives them once it is back; one
 * whose database was lost numbers them anew, and is read from its first again.
 */
export function collectObservations(
  { onEveryHost }: Pick<Fleet, 'onEveryHost'>,
  model: string,
  rollout: string,
): () => Promise<readonly Observation[]> {
  const cursors = new Map<string, Cursor>();
  const collectFrom = async (agent: AgentPort): Promise<readonly Observation[]> => {
    const found: Observation[] = [];
    for (;;) {
      const cursor = cursors.get(agent.url);
      const fresh = await agent.observations(model, rollout, cursor?.seq ?? 0);
      if (cursor !== undefined && (await isNumberedAnew(agent, cursor, fresh))) {
        cursors.delete(agent.url);
        continue;
      }
      found.push(...fresh);
      const last = fresh.at(-1);
      if (last !== undefined) cursors.set(agent.url, { hostId: last.hostId, seq: last.seq });
      if (fresh.length < OBSERVATIONS_PER_CALL) return found;
    }
  };
  return async () => (await onEveryHost(collectFrom)).flat();
}

/** What a new database has numbered so far may lie before the cursor: then the host says only who it is. */
async function isNumberedAnew(
  agent: AgentPort,
  { hostId }: Cursor,
  fresh: readonly Observation[],
): Promise<boolean> {
  const [first] = fresh;
  const now = first === undefined ? (await agent.state()).hostId : first.hostId;
  return now !== hostId;
}
