import type { Baseline } from '../../core/rollout/evidence/baseline.ts';
import { addObservation, type Evidence, startEvidence } from '../../core/rollout/evidence/evidence.ts';
import type { Observation } from '../../core/rollout/evidence/observation.ts';
import { checkRouting } from '../../core/rollout/evidence/routing-check.ts';
import { EMPTY_STAGE } from '../../core/rollout/evidence/stage-totals.ts';
import { shareAlpha } from '../../core/rollout/share-alpha.ts';
import { PLAN } from './simulate-rollout.ts';

/** What all who may end or hold a rollout made of it. */
export type Judged = { readonly isRolledBack: boolean; readonly isHeldForRouting: boolean };

/**
 * Lets `deploy` and every host judge a rollout as they do: deploy on all polls, each host on its own, each with its part of alpha, after
 * every look. A look is the polls of all hosts at one time.
 */
export function judgeTogether(
  looks: Iterable<readonly Observation[]>,
  hosts: number,
  baseline: Baseline,
): Judged {
  const shares = shareAlpha(PLAN.alpha, hosts);
  const byHost = new Map<string, Evidence>();
  let all = startEvidence({ ...PLAN, alarmAlpha: shares.deploy }, baseline);
  let isHeldForRouting = false;
  for (const look of looks) {
    for (const poll of look) {
      all = addObservation(all, poll);
      // A host that is alone has seen what deploy has, and judges it by its own part of alpha.
      if (hosts === 1) continue;
      const before = byHost.get(poll.host) ?? startEvidence({ ...PLAN, alarmAlpha: shares.host }, baseline);
      byHost.set(poll.host, addObservation(before, poll));
    }
    const stage = look[0]?.stage ?? 0;
    isHeldForRouting ||= isHeld(all, stage);
    const others = hosts === 1 ? [all] : [...byHost.values()];
    if (isProof(all, shares.deploy) || others.some((one) => isProof(one, shares.host)))
      return { isRolledBack: true, isHeldForRouting };
  }
  return { isRolledBack: false, isHeldForRouting };
}

function isProof({ peak }: Evidence, alpha: number): boolean {
  return peak.total >= -Math.log(alpha);
}

function isHeld({ stages, users, plan }: Evidence, stage: number): boolean {
  return checkRouting(stages[stage] ?? EMPTY_STAGE, plan.stages.length, users.heaviest) !== undefined;
}
