import type { Environment } from '../config/config.ts';
import type { Rollout } from '../ledger/state.ts';
import type { Tempering } from '../rollout/evidence/baseline.ts';
import type { StablePast } from '../rollout/evidence/stable-past.ts';
import type { RolloutPlan } from '../rollout/rollout-plan.ts';
import { type AlphaShares, shareAlpha } from '../rollout/share-alpha.ts';
import type { SetTraffic, Word } from '../serving/api.ts';

/**
 * The plan of a rollout that is under way, as one of those sees it who may end it: what was promised when it started, and the rest as
 * configured now.
 */
export function planOf(rollout: Rollout, environment: Environment, decider: keyof AlphaShares): RolloutPlan {
  const { alpha, stages, hosts } = rollout;
  const alarmAlpha = shareAlpha(alpha, hosts.length)[decider];
  return { ...environment.rollout, stages: [...stages], alpha, alarmAlpha };
}

/** What the hosts must know of a rollout to serve it, and to brake it by themselves. */
export function serveRollout(
  rollout: Rollout & { readonly stable: string },
  environment: Environment,
  options: {
    readonly shadow: boolean;
    readonly leaseSeconds: number;
    /** What past rollouts teach of how much counts vary. */
    readonly tempering: Tempering;
    /** What all hosts have seen of the stable version in this rollout; none where nobody was asked. */
    readonly stablePast?: StablePast | undefined;
    /** What persons have said for its two versions. */
    readonly words: readonly Word[];
    readonly detached?: boolean;
  },
): SetTraffic {
  return {
    stable: rollout.stable,
    candidate: rollout.version,
    candidatePercent: rollout.percent,
    shadow: options.shadow,
    ...carry(options.words),
    lease: {
      rollout: rollout.id,
      plan: planOf(rollout, environment, 'host'),
      tempering: options.tempering,
      ...(options.stablePast && { stablePast: options.stablePast }),
      stage: rollout.stage,
      rolloutStartedAt: rollout.startedAt,
      stageStartedAt: rollout.stageStartedAt,
      control: rollout.held?.code === 'held' ? 'held' : 'running',
      ...(options.detached === true && { detached: true }),
      leaseSeconds: options.leaseSeconds,
    },
  };
}

/** All traffic to one version, and what persons have said for it. */
export function serveOnly(version: string, words: readonly Word[]): SetTraffic {
  return { stable: version, candidatePercent: 0, shadow: false, ...carry(words) };
}

function carry(words: readonly Word[]): Pick<SetTraffic, 'words'> {
  return words.length === 0 ? {} : { words: [...words] };
}
