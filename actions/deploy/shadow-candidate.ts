import type { Rollout } from '../../core/ledger/state.ts';
import { escapeMarkdown } from '../../core/report/escape-markdown.ts';
import { gatherEvidence } from '../../core/rollout/evidence.ts';
import { judgeShadow } from '../../core/rollout/judge-shadow.ts';
import type { BringUp } from './bring-up.ts';
import { collectObservations } from './collect-observations.ts';
import type { Deployed, Deployment } from './deploy-context.ts';
import { rollBack } from './end-rollout.ts';
import { setTrafficEverywhere } from './host-traffic.ts';
import { planOf, serveRollout } from './rollout-traffic.ts';

/** The lease is renewed this often before it ends. */
const RENEWALS_PER_LEASE = 4;

/**
 * Copies requests to the candidate for a while and drops its answers: it warms up, and a crash or slowness shows before it
 * matters to anyone. Gives the outcome only when it is harmful and was taken back.
 */
export async function shadowCandidate(
  deployment: Deployment,
  rollout: Rollout,
  bringUp: BringUp,
): Promise<Deployed | undefined> {
  const { request, ports } = deployment;
  const { environment } = request;
  const { stable } = rollout;
  if (environment.shadowSeconds === 0 || stable === undefined) return undefined;
  ports.log.info(`Version ${rollout.version} gets copies of requests for ${environment.shadowSeconds} s.`);
  const braked = await copyRequests(deployment, { ...rollout, stable }, bringUp);
  if (braked !== undefined) return braked;
  const observations = await collectObservations(deployment, rollout.id)();
  const { verdict, explanation } = judgeShadow({
    evidence: gatherEvidence(planOf(rollout, environment), observations),
  });
  ports.log.info(`Copies of requests: ${verdict}. ${explanation}`);
  if (verdict !== 'fail') return undefined;
  return rollBack(deployment, rollout, {
    code: 'shadow-failed',
    explanation,
    report: escapeMarkdown(explanation),
  });
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
    const brake = await setTrafficEverywhere(deployment, wanted, bringUp.isReady);
    if (brake !== undefined)
      return rollBack(deployment, rollout, { ...brake, report: escapeMarkdown(brake.explanation) });
    const left = (until - Date.parse(clock.now())) / 1_000;
    if (left <= 0) return undefined;
    await clock.wait(Math.min(left, leaseSeconds / RENEWALS_PER_LEASE) * 1_000, signal);
  }
}
