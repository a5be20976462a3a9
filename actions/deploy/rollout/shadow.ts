import type { Environment } from '../../../core/config/config.ts';
import { pollSeconds } from '../../../core/deploy/leases.ts';
import { planOf } from '../../../core/deploy/rollout-traffic.ts';
import { addSeconds, secondsBetween } from '../../../core/instant.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import { gatherEvidence } from '../../../core/rollout/evidence/evidence.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { judgeShadow, sumComparisons } from '../../../core/rollout/judge-shadow.ts';
import type { Brake } from '../../../core/serving/api.ts';
import type { RolloutTraffic } from '../hosts/rollout-traffic.ts';

/** The candidate did harm, or it may get its first share of requests, with what is known of it so far. */
export type Shadowed =
  | { readonly kind: 'harmful'; readonly code: string; readonly explanation: string }
  | { readonly kind: 'unharmed'; readonly explanation: string };

type ShadowPorts = {
  readonly traffic: Pick<RolloutTraffic, 'copy'>;
  /** All that the hosts have seen of the rollout. */
  readonly observeAll: () => Promise<readonly Observation[]>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/**
 * Copies requests to the candidate for a while and drops its answers: it warms up, a crash or slowness shows before it matters
 * to anyone, and how often it answers otherwise is known before anyone gets such an answer.
 */
export async function shadowCandidate(
  { traffic, observeAll, clock, log, signal }: ShadowPorts,
  rollout: Rollout,
  settings: Environment,
): Promise<Shadowed> {
  const ready = 'Ready without traffic.';
  const { shadowSeconds } = settings;
  if (shadowSeconds === 0) return { kind: 'unharmed', explanation: ready };
  log.info(`Version ${rollout.version} gets copies of requests for ${shadowSeconds} s.`);
  const brake = await copyRequests({ traffic, clock, signal }, rollout, settings);
  if (brake !== undefined) return { kind: 'harmful', code: brake.code, explanation: brake.explanation };
  const observations = await observeAll();
  const comparison = sumComparisons(observations);
  const { verdict, explanation } = judgeShadow({
    evidence: gatherEvidence(planOf(rollout, settings, 'deploy'), observations),
    ...(comparison && { comparison }),
  });
  log.info(`Copies of requests: ${verdict}. ${explanation}`);
  return verdict === 'fail'
    ? { kind: 'harmful', code: 'shadow-failed', explanation }
    : { kind: 'unharmed', explanation: `${ready} ${explanation}` };
}

async function copyRequests(
  { traffic, clock, signal }: Pick<ShadowPorts, 'traffic' | 'clock' | 'signal'>,
  rollout: Rollout,
  { shadowSeconds, leaseSeconds }: Pick<Environment, 'shadowSeconds' | 'leaseSeconds'>,
): Promise<Brake | undefined> {
  const until = addSeconds(clock.now(), shadowSeconds);
  for (;;) {
    const brake = await traffic.copy(rollout);
    if (brake !== undefined) return brake;
    const left = secondsBetween(clock.now(), until);
    if (left <= 0) return undefined;
    await clock.wait(Math.min(left, pollSeconds({ leaseSeconds })) * 1_000, signal);
  }
}
