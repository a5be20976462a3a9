import type { AgentState, HostWarning } from '../../core/serving/api.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import { VERSION } from '../../core/version.ts';
import type { AgentContext } from '../context.ts';
import { describeJump } from '../machine/steady-clock.ts';
import { describeOpenSecrets } from '../options/find-open-secrets.ts';
import { toInstance } from '../store/stored-instance.ts';
import { findAway } from '../traffic/find-away.ts';
import { findUnwritten } from '../traffic/find-unwritten.ts';
import { readSeen } from '../traffic/observe.ts';
import { findUnmonitored } from '../windows/note-monitor.ts';
import { findUnknownLabels } from '../windows/unknown-labels.ts';

/** Everything about this host, for people and for `/status`. */
export async function describeState(context: AgentContext): Promise<AgentState> {
  const { store, options, runtime, proxy, clock, startedAt } = context;
  const { count, oldest } = store.outbox.pending();
  const jump =
    clock.jumpMs() === 0 ? [] : [{ code: HOST_WARNINGS.clockJumped, message: describeJump(clock.jumpMs()) }];
  const problem = proxy.problem();
  const down = problem === undefined ? [] : [{ code: HOST_WARNINGS.proxyBehind, message: problem }];
  const [healthy, crowd] = await Promise.all([proxy.isHealthy(), warnOfCrowd(context)]);
  const ofModels = [findAway, findUnwritten, findUnmonitored, findUnknownLabels].flatMap((find) =>
    find(context),
  );
  const { openSecrets } = options;
  const open =
    openSecrets.length === 0
      ? []
      : [{ code: HOST_WARNINGS.secretsReadable, message: `${describeOpenSecrets(openSecrets)}.` }];
  const warnings = [...jump, ...down, ...open, ...crowd, ...ofModels];
  return {
    host: options.hostName,
    hostId: store.hostId,
    agentVersion: VERSION,
    startedAt,
    runtime: runtime.kind,
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
    ...(warnings.length > 0 && { warnings: [...warnings] }),
  };
}

/** A host that is flooded answers all that it lets in, and looks well but for this. */
async function warnOfCrowd({ proxy }: AgentContext): Promise<readonly HostWarning[]> {
  // One that does not say it does not say that it is healthy either, and that is told.
  const count = await proxy.turnedAway().catch(() => 0);
  if (count === 0) return [];
  const message = `The proxy has lately turned away ${count} connections, since as many were open as it takes, in all or of one address.`;
  return [{ code: HOST_WARNINGS.connectionsRefused, message }];
}
