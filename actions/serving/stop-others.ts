import type { AgentPort } from '../../core/ports.ts';
import type { Instance } from '../../core/serving/api.ts';

/** Stops those of a host's instances whose version is neither serving nor kept to return to. */
export async function stopOthers(
  agent: AgentPort,
  instances: readonly Instance[],
  { model, keep }: { readonly model: string; readonly keep: ReadonlySet<string> },
): Promise<void> {
  const surplus = instances.filter(
    (instance) => instance.model === model && instance.state !== 'stopped' && !keep.has(instance.version),
  );
  for (const { version } of surplus) await agent.stopInstance(model, version);
}
