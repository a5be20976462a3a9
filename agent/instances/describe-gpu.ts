import { messageOf } from '../../core/errors.ts';
import type { AgentState } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import type { GpuLook } from '../machine/gpu-look.ts';

type GpuState = NonNullable<AgentState['gpu']>;
type Held = Extract<GpuState, { readonly kind: 'seen' }>['versions'][number];

/**
 * The GPUs of this host, and how much of their memory the processes of each version have. A version is left out where none of its processes
 * is named there, which says nothing of it in a container with pids of its own.
 */
export async function describeGpu(context: AgentContext): Promise<GpuState> {
  const seen = await context.gpus();
  if (seen.kind !== 'seen') return seen;
  const versions = seen.processes.length === 0 ? [] : await shareOut(context, seen.processes);
  return { kind: 'seen', gpus: [...seen.gpus], versions: [...versions] };
}

type Processes = Extract<GpuLook, { readonly kind: 'seen' }>['processes'];

async function shareOut(
  { store, runtime, log }: AgentContext,
  processes: Processes,
): Promise<readonly Held[]> {
  const held: Held[] = [];
  for (const { model, version, handle } of store.instances()) {
    if (handle === undefined) continue;
    try {
      const own = new Set(await runtime.processes(handle));
      const found = processes.filter(({ pid }) => own.has(pid));
      if (found.length === 0) continue;
      const bytes = found.reduce<number | undefined>(addKnown, 0);
      held.push({ model, version, ...(bytes !== undefined && { bytes }) });
    } catch (thrown) {
      log.warn(`${model} version ${version}: its processes can't be listed (${messageOf(thrown)})`);
    }
  }
  return held;
}

/** One part that is not known makes the sum unknown. */
function addKnown(sum: number | undefined, { bytes }: Processes[number]): number | undefined {
  return sum === undefined || bytes === undefined ? undefined : sum + bytes;
}
