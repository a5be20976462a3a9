import type { Environment } from '../../../core/config/config.ts';
import { pollSeconds } from '../../../core/deploy/leases.ts';
import { planOf } from '../../../core/deploy/rollout-traffic.ts';
import { addSeconds, type Instant, secondsBetween } from '../../../core/instant.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import { gatherEvidence } from '../../../core/rollout/evidence/evidence.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { countCopies, judgeShadow, sumComparisons } from '../../../core/rollout/judge-shadow.ts';
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

/** How long requests are copied, and how long an answer may take, in s. */
type ShadowSettings = { readonly settings: Environment; readonly answerSeconds: number };

/**
 * Copies requests to the candidate for a while and drops its answers: it warms up, a crash or slowness shows before it matters
 * to anyone, and how often it answers otherwise is known before anyone gets such an answer. It goes on until as many copies have ended as
 * were sent in that while: what is open then is what is slow, and a candidate that answers nothing shows it by that alone.
 */
export async function shadowCandidate(
  { traffic, observeAll, clock, log, signal }: ShadowPorts,
  rollout: Rollout,
  { settings, answerSeconds }: ShadowSettings,
): Promise<Shadowed> {
  const ready = 'Ready without traffic.';
  const { shadowSeconds } = settings;
  if (shadowSeconds === 0) return { kind: 'unharmed', explanation: ready };
  log.info(`Version ${rollout.version} gets copies of requests for ${shadowSeconds} s.`);
  const seen: Observation[] = [];
  const look = async () => {
    seen.push(...(await observeAll()));
    return countCopies(seen);
  };
  const copy = (seconds: number, isEnough: Limits['isEnough']) => {
    const until = addSeconds(clock.now(), seconds);
    return copyRequests({ traffic, clock, signal }, rollout, { settings, until, isEnough });
  };
  const braked = await copy(shadowSeconds, async () => false);
  if (braked !== undefined) return explainHarmful(braked);
  const { ended, open } = await look();
  const awaited = ended + open;
  const longest = answerSeconds + pollSeconds(settings);
  const brakedLater = await copy(longest, async () => (await look()).ended >= awaited);
  if (brakedLater !== undefined) return explainHarmful(brakedLater);
  const comparison = sumComparisons(seen);
  const { verdict, explanation } = judgeShadow({
    evidence: gatherEvidence(planOf(rollout, settings, 'deploy'), seen),
    ...{ awaited, ...(comparison && { comparison }) },
  });
  log.info(`Copies of requests: ${verdict}. ${explanation}`);
  return verdict === 'fail'
    ? { kind: 'harmful', code: 'shadow-failed', explanation }
    : { kind: 'unharmed', explanation: `${ready} ${explanation}` };
}

function explainHarmful({ code, explanation }: Brake): Shadowed {
  return { kind: 'harmful', code, explanation };
}

type Limits = {
  readonly settings: Environment;
  readonly until: Instant;
  readonly isEnough: () => Promise<boolean>;
};

/** Copies until it is enough, or until then; gives the brake of a host that ends it before. */
async function copyRequests(
  { traffic, clock, signal }: Pick<ShadowPorts, 'traffic' | 'clock' | 'signal'>,
  rollout: Rollout,
  { settings, until, isEnough }: Limits,
): Promise<Brake | undefined> {
  for (;;) {
    const brake = await traffic.copy(rollout);
    if (brake !== undefined) return brake;
    if (await isEnough()) return undefined;
    const left = secondsBetween(clock.now(), until);
    if (left <= 0) return undefined;
    await clock.wait(Math.min(left, pollSeconds(settings)) * 1_000, signal);
  }
}
