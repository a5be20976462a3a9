import { pollSeconds } from '../../../core/deploy/leases.ts';
import { planOf, serveRollout } from '../../../core/deploy/rollout-traffic.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import { escapeMarkdown } from '../../../core/report/escape-markdown.ts';
import { gatherEvidence } from '../../../core/rollout/evidence/evidence.ts';
import { judgeShadow, sumComparisons } from '../../../core/rollout/judge-shadow.ts';
import type { Deployed, Deployment } from '../deploy-context.ts';
import type { BringUp } from '../hosts/bring-up.ts';
import { collectObservations } from '../hosts/collect-observations.ts';
import { setTrafficEverywhere } from '../hosts/traffic.ts';
import { rollBack } from './end.ts';

/** The candidate did harm and was taken back, or it may get its first share of requests, with what is known of it so far. */
type Shadowed =
  | { readonly kind: 'ended'; readonly deployed: Deployed }
  | { readonly kind: 'unharmed'; readonly explanation: string };

/**
 * Copies requests to the candidate for a while and drops its answers: it warms up, a crash or slowness shows before it matters
 * to anyone, and how often it answers otherwise is known before anyone gets such an answer.
 */
export async function shadowCandidate(
  deployment: Deployment,
  rollout: Rollout,
  bringUp: BringUp,
): Promise<Shadowed> {
  const { request, ports } = deployment;
  const { environment } = request;
  const { stable } = rollout;
  const explanation = 'Ready without traffic.';
  if (environment.shadowSeconds === 0 || stable === undefined) return { kind: 'unharmed', explanation };
  ports.log.info(`Version ${rollout.version} gets copies of requests for ${environment.shadowSeconds} s.`);
  const braked = await copyRequests(deployment, { ...rollout, stable }, bringUp);
  if (braked !== undefined) return { kind: 'ended', deployed: braked };
  const observations = await collectObservations(deployment, rollout.id)();
  const comparison = sumComparisons(observations);
  const judged = judgeShadow({
    evidence: gatherEvidence(planOf(rollout, environment), observations),
    ...(comparison && { comparison }),
  });
  ports.log.info(`Copies of requests: ${judged.verdict}. ${judged.explanation}`);
  if (judged.verdict !== 'fail')
    return { kind: 'unharmed', explanation: `${explanation} ${judged.explanation}` };
  const report = escapeMarkdown(judged.explanation);
  const { explanation: harm } = judged;
  const deployed = await rollBack(deployment, rollout, { code: 'shadow-failed', explanation: harm, report });
  return { kind: 'ended', deployed };
}

async function copyRequests(
  deployment: Deployment,
  rollout: Rollout & { readonly stable: string },
  bringUp: BringUp,
): Promise<Deployed | undefined> {
  const { request, ports } = deployment;
  const { environment, signal } = request;
  const { clock } = ports;
  const { leaseSeconds, shadowSeconds } = environment;
  const until = Date.parse(clock.now()) + shadowSeconds * 1_000;
  for (;;) {
    const wanted = serveRollout(rollout, environment, { shadow: true, leaseSeconds });
    const brake = await setTrafficEverywhere(deployment, wanted, bringUp);
    if (brake !== undefined)
      return rollBack(deployment, rollout, { ...brake, report: escapeMarkdown(brake.explanation) });
    const left = (until - Date.parse(clock.now())) / 1_000;
    if (left <= 0) return undefined;
    await clock.wait(Math.min(left, pollSeconds(environment)) * 1_000, signal);
  }
}
