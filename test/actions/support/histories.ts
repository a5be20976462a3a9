import type { Brake } from '../../../core/serving/api.ts';
import { championEvents, createWorld, versionEvents, type World } from './deployment.ts';
import type { MemoryAgent } from './memory-agent.ts';

/** Version 1 serves on both hosts; version 2 passed its gate and is packed. So many hosts may be away. */
export function createServing(maxUnavailable = 0): World {
  const events = [...versionEvents('1'), ...championEvents('1'), ...versionEvents('2')];
  const world = createWorld(events, maxUnavailable);
  serveToAll(world, '1');
  return world;
}

/** Version 2 serves on both hosts, after version 1, which none runs any more; version 3 passed its gate and is packed. */
export function createHistory(): World {
  const world = createWorld([
    ...versionEvents('1'),
    ...championEvents('1'),
    ...versionEvents('2'),
    ...championEvents('2', '1'),
    ...versionEvents('3'),
  ]);
  serveToAll(world, '2');
  return world;
}

/** Every host gives all its requests to this version. */
export function serveToAll({ agents }: Pick<World, 'agents'>, stable: string): void {
  for (const agent of agents) agent.traffic = { stable, candidatePercent: 0, shadow: false, revision: 1 };
}

/** A host ends the rollout that leads it by itself, as version 2 does harm; one that no rollout leads has nothing to end. */
export function brakeAlone(agent: MemoryAgent, why: Pick<Brake, 'code' | 'explanation' | 'at'>): void {
  const { traffic } = agent;
  if (traffic?.lease === undefined) return;
  const brake = { rollout: traffic.lease.rollout, version: '2', ...why };
  agent.traffic = { ...traffic, candidatePercent: 0, revision: traffic.revision + 1, brake };
}
