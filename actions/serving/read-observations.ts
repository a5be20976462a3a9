import { type Instant, isBefore } from '../../core/instant.ts';
import type { AgentPort } from '../../core/ports.ts';
import type { Observation } from '../../core/rollout/evidence/observation.ts';

/** The agent gives at most this many observations in one answer. */
const OBSERVATIONS_PER_CALL = 1_000;

/** What a host has seen of a model's traffic since then. An agent of an older version gives what was before as well. */
export async function readObservations(
  agent: AgentPort,
  model: string,
  since: Instant,
): Promise<readonly Observation[]> {
  const seen: Observation[] = [];
  for (let after = 0; ; ) {
    const page = await agent.observationsSince(model, since, after);
    seen.push(...page.filter(({ at }) => !isBefore(at, since)));
    after = Math.max(after, ...page.map(({ seq }) => seq));
    if (page.length < OBSERVATIONS_PER_CALL) return seen;
  }
}
