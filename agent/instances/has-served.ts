import type { AgentContext } from '../context.ts';
import type { StoredInstance } from '../store/stored-instance.ts';

/**
 * Whether an instance has been ready here with the package that it has now. Where an agent of before has not noted it, what answers as the
 * stable version has: it was ready when it became that, unless a candidate had all requests already.
 */
export function hasServed(store: AgentContext['store'], instance: StoredInstance): boolean {
  if (instance.hasServed !== undefined) return instance.hasServed;
  const traffic = store.getTraffic(instance.model)?.traffic;
  return traffic?.stable === instance.version && traffic.candidatePercent < 100;
}
