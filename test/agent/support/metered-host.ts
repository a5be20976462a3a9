import { type Agent, createAgent } from '../../../agent/agent.ts';
import { clusterName, shadowClusterName } from '../../../agent/envoy/traffic-plan.ts';
import { sendHeartbeat } from '../../../agent/outbox/send-heartbeat.ts';
import { counted, type FakeHost, openFakeHost, serveAll, storePackage } from './fake-context.ts';

/** The model that a metered host serves. */
export const METERED_MODEL = 'mnist';

/** A host of which every metric can be told: a model with a candidate on a GPU, a brake, reports that wait, a warning. */
export type MeteredHost = {
  readonly host: FakeHost;
  readonly agent: Agent;
  /** Lets both versions have been asked so many times in all; the proxy turned away whatever was for the second one. */
  readonly serve: (requests: number) => void;
};

/** Opens such a host; whoever does closes it. */
export async function openMeteredHost(flags: Readonly<Record<string, string>> = {}): Promise<MeteredHost> {
  const host = openFakeHost({ repository: 'acme/models', ...flags });
  const agent = createAgent(host.context);
  for (const version of ['1', '2']) {
    const manifest = await storePackage(host.context, version);
    await agent.startInstance(METERED_MODEL, version, { manifest });
  }
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  const split = { stable: '1', candidate: '2', candidatePercent: 10, shadow: false };
  await agent.setTraffic(METERED_MODEL, split, undefined);
  host.world.gpus = {
    kind: 'seen',
    gpus: [{ index: 0, usedBytes: 3e9, totalBytes: 80e9 }],
    processes: host.context.store
      .instances()
      .map(({ handle }) => ({ pid: Number(handle?.['pid']), bytes: 1_500_000_000 })),
  };
  sendHeartbeat(host.context);
  await agent.takeBack(METERED_MODEL, { explanation: 'It answers nonsense.' });
  Object.assign(host.context.clock, { jumpMs: () => 5_000 });
  const { counters } = host.world;
  const serve = (requests: number) => {
    counters.set(clusterName(METERED_MODEL, '1'), counted(requests, Math.ceil(requests / 50)));
    const turnedAway = { sent: 0, overflowed: requests };
    counters.set(clusterName(METERED_MODEL, '2'), { ...counted(requests, requests), ...turnedAway });
    counters.set(shadowClusterName(METERED_MODEL, '2'), counted(requests));
  };
  serve(100);
  return { host, agent, serve };
}
