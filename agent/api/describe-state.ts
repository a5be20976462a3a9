import type { AgentState } from '../../core/serving/api.ts';
import { VERSION } from '../../core/version.ts';
import type { AgentContext } from '../context.ts';
import { describeGpu } from '../instances/describe-gpu.ts';
import { listWarnings } from '../list-warnings.ts';
import { toInstance } from '../store/stored-instance.ts';
import { readSeen } from '../traffic/observe.ts';

/** Everything about this host, for people and for `/status`. */
export async function describeState(context: AgentContext): Promise<AgentState> {
  const { store, options, runtime, proxy, startedAt } = context;
  const { count, oldest } = store.outbox.pending();
  const [healthy, warnings, disk, gpu] = await Promise.all([
    proxy.isHealthy(),
    listWarnings(context),
    // One that can't be asked is told of by whoever writes to it.
    context.blobs.disk().catch(() => undefined),
    describeGpu(context),
  ]);
  return {
    host: options.hostName,
    hostId: store.hostId,
    agentVersion: VERSION,
    startedAt,
    runtime: runtime.kind,
    packages: options.trustedKeys.length > 0 ? 'signed' : 'any',
    instances: store.instances().map(toInstance),
    traffic: Object.fromEntries(
      Object.entries(store.traffic()).map(([model, { traffic }]) => [model, traffic]),
    ),
    seen: Object.fromEntries(
      Object.keys(store.traffic()).map((model) => [model, readSeen(context, model)?.versions ?? {}]),
    ),
    outbox: { pending: count, ...(oldest !== undefined && { oldest }) },
    dataPlane: {
      address: `${options.dataPlane.address}:${options.dataPlane.port}`,
      healthy,
    },
    ...(context.certificate && { certificate: context.certificate.about() }),
    ...(disk && { disk }),
    gpu,
    ...(warnings.length > 0 && { warnings: [...warnings] }),
  };
}
