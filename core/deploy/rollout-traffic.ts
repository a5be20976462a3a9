import type { Environment } from '../config/config.ts';
import type { Rollout } from '../ledger/state.ts';
import type { RolloutPlan } from '../rollout/rollout-plan.ts';
import type { SetTraffic } from '../serving/api.ts';

/** The plan of a rollout that is under way: what was promised when it started, and the rest as configured now. */
export function planOf(rollout: Rollout, environment: Environment): RolloutPlan {
  return { ...environment.rollout, stages: [...rollout.stages], alpha: rollout.alpha };
}

/** What the hosts must know of a rollout to serve it, and to brake it by themselves. */
export function serveRollout(
  rollout: Rollout & { readonly stable: string },
  environment: Environment,
  options: { readonly shadow: boolean; readonly leaseSeconds: number; readonly detached?: boolean },
): SetTraffic {
  return {
    stable: rollout.stable,
    candidate: rollout.version,
    candidatePercent: rollout.percent,
    shadow: options.shadow,
    lease: {
      rollout: rollout.id,
      plan: planOf(rollout, environment),
      stage: rollout.stage,
      rolloutStartedAt: rollout.startedAt,
      stageStartedAt: rollout.stageStartedAt,
      control: rollout.held?.code === 'held' ? 'held' : 'running',
      ...(options.detached === true && { detached: true }),
      leaseSeconds: options.leaseSeconds,
    },
  };
}

/** All traffic to one version. */
export function serveOnly(version: string): SetTraffic {
  return { stable: version, candidatePercent: 0, shadow: false };
}
