import type { Instance, RolloutLease, SetTraffic } from '../../../core/serving/api.ts';
import type { TinyPackage } from '../../../sandbox/agent/build-package.ts';
import { buildPackage, type TinyPackageRequest } from '../../../sandbox/agent/build-package.ts';
import type { RunningAgent } from '../../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';

export const MODEL = 'doubler';

/** Uploads a package and asks for it to be started. */
export async function begin(agent: RunningAgent, version: string, built: TinyPackage): Promise<Instance> {
  for (const { digest, file } of built.files) await agent.client.putBlob(digest, file);
  return agent.client.startInstance(MODEL, version, { manifest: built.manifest });
}

/** Builds, uploads and starts a version, and waits until it is ready or has failed. */
export async function deployVersion(
  agent: RunningAgent,
  request: Omit<TinyPackageRequest, 'folder'>,
): Promise<Instance> {
  await begin(agent, request.version, buildPackage({ folder: agent.folder, ...request }));
  return settled(agent, request.version);
}

/** The instance once it is ready or has failed. */
export async function settled(agent: RunningAgent, version: string): Promise<Instance> {
  return waitFor(
    async () => {
      const instance = await agent.client.getInstance(MODEL, version);
      return instance?.state === 'ready' || instance?.state === 'failed' ? instance : undefined;
    },
    `version ${version} to be ready or failed`,
    120_000,
  );
}

/** Sets traffic on top of what is there now. */
export async function shift(agent: RunningAgent, traffic: SetTraffic): Promise<void> {
  const present = await agent.client.getTraffic(MODEL);
  const result = await agent.client.setTraffic(MODEL, traffic, present?.revision);
  if (!result.ok) throw new Error('the traffic was changed meanwhile');
}

/** The first stage of a canary, begun now. */
export function leaseOf(rollout: string, leaseSeconds = 600): RolloutLease {
  const now = new Date().toISOString();
  return {
    rollout,
    plan: {
      stages: [50, 100],
      alpha: 0.01,
      alarmAlpha: 0.01,
      stageMinSeconds: 600,
      deadlineSeconds: 3_600,
      onNoData: 'hold',
      latencyMargin: 0.5,
      tolerance: 1,
    },
    tempering: { errors: 1, slow: 1, refused: 1, invalid: 1 },
    stage: 0,
    rolloutStartedAt: now,
    stageStartedAt: now,
    control: 'running',
    leaseSeconds,
  };
}
