import { type LedgerState, type Rollout, secondsHeld } from '../../core/ledger/state.ts';
import { escapeMarkdown } from '../../core/report/escape-markdown.ts';
import { ok } from '../../core/result.ts';
import type { Baseline } from '../../core/rollout/baseline.ts';
import { decideRollout, type RolloutDecision } from '../../core/rollout/decide-rollout.ts';
import {
  addObservation,
  type Evidence,
  sortObservations,
  startEvidence,
} from '../../core/rollout/evidence.ts';
import type { Observation } from '../../core/rollout/observation.ts';
import { renderRollout } from '../../core/rollout/render-rollout.ts';
import type { TracePoint } from '../../core/rollout/trace-rollout.ts';
import { appendOrThrow } from '../append-or-throw.ts';
import { collectObservations } from './collect-observations.ts';
import { concludeEarlier } from './conclude-earlier.ts';
import { type Deployed, type Deployment, entry, hereIn, readState } from './deploy-context.ts';
import { promote, rollBack } from './end-rollout.ts';
import { setTrafficEverywhere } from './fleet.ts';
import { recallBaseline, rememberRollout } from './rollout-memory.ts';
import { planOf, serveRollout } from './rollout-traffic.ts';

/** How often hosts are polled: often enough to renew the lease four times before it ends, in seconds. */
const POLLS_PER_LEASE = 4;
const LONGEST_POLL_SECONDS = 15;

type Judged = {
  readonly decision: RolloutDecision;
  readonly report: string;
  readonly seen: { readonly baseline: Baseline; readonly observations: readonly Observation[] };
};

/**
 * Takes an open rollout to its end. Each round reads everything anew (ledger, traffic, observations), decides, and does one
 * thing; so it does not matter which job did the round before, or whether it finished it.
 */
export async function driveRollout(deployment: Deployment, rolloutId: string): Promise<Deployed> {
  const { request, ports } = deployment;
  const judge = createJudge(deployment, rolloutId);
  for (let explained = ''; ; ) {
    request.signal.throwIfAborted();
    const state = await readState(deployment);
    const { rollout } = hereIn(deployment, state);
    if (rollout?.id !== rolloutId) return concludeEarlier(deployment, state, rolloutId);
    const judged = await judge(rollout, state);
    if (judged.decision.explanation !== explained) ports.log.info(judged.decision.explanation);
    explained = judged.decision.explanation;
    const ended = await act(deployment, rollout, judged);
    if (ended !== undefined) {
      if (ended.outputs.outcome !== 'in-progress' && ended.outputs.outcome !== 'held') {
        await rememberRollout(deployment, rollout, judged.seen);
      }
      return ended;
    }
    await ports.clock.wait(pollSeconds(deployment) * 1_000, request.signal);
  }
}

/** One step of a rollout: what the decision asks for. Gives the outcome when that ends this job. */
async function act(
  deployment: Deployment,
  rollout: Rollout,
  { decision, report }: Judged,
): Promise<Deployed | undefined> {
  const { explanation } = decision;
  switch (decision.kind) {
    case 'rollback':
      return rollBack(deployment, rollout, { code: decision.code, explanation, report });
    case 'promote':
      return promote(deployment, rollout, { code: 'promote', explanation, report });
    case 'advance':
      return advance(deployment, rollout, decision.to, { explanation, report });
    case 'hold':
      await recordHold(deployment, rollout, decision.code, explanation);
      return decision.code === 'held' || deployment.request.detach
        ? leave(deployment, rollout, decision.code, { explanation, report })
        : keep(deployment, rollout);
    case 'continue':
      return deployment.request.detach
        ? leave(deployment, rollout, 'in-progress', { explanation, report })
        : keep(deployment, rollout);
  }
}

/** Keeps traffic where the ledger says, which renews the lease; a brake of an agent ends the rollout everywhere. */
async function keep(deployment: Deployment, rollout: Rollout): Promise<Deployed | undefined> {
  const { request } = deployment;
  const { leaseSeconds } = request.environment;
  return apply(deployment, rollout, leaseSeconds);
}

async function apply(
  deployment: Deployment,
  rollout: Rollout,
  leaseSeconds: number,
): Promise<Deployed | undefined> {
  const { stable } = rollout;
  if (stable === undefined) return undefined;
  const wanted = serveRollout({ ...rollout, stable }, deployment.request.environment, {
    shadow: false,
    leaseSeconds,
  });
  const brake = await setTrafficEverywhere(deployment, wanted);
  if (brake === undefined) return undefined;
  const explanation = `An agent braked: ${brake.explanation}`;
  return rollBack(deployment, rollout, {
    code: brake.code,
    explanation,
    report: escapeMarkdown(explanation),
  });
}

/** Raises the candidate's traffic: first as an event, then on the hosts. A job that dies in between is caught up by the next round. */
export async function advance(
  deployment: Deployment,
  rollout: Rollout,
  to: number,
  { explanation, report }: { readonly explanation: string; readonly report: string },
): Promise<Deployed | undefined> {
  const { request, ports } = deployment;
  const { id, version } = rollout;
  const percent = rollout.stages[to] ?? 100;
  const environment = request.environmentName;
  const { state } = await appendOrThrow(ports.ledger, request.config.model, (now) => {
    const open = hereIn(deployment, now).rollout;
    // Another job was faster, or a person has held or ended it since.
    if (open?.id !== id || open.stage !== rollout.stage || open.percent !== rollout.percent) return ok([]);
    if (open.held?.code === 'held') return ok([]);
    const events =
      open.held === undefined
        ? []
        : [entry(deployment, 'rollout.resumed', { rollout: id, environment }, id, to)];
    const data = { rollout: id, environment, version, stage: to, percent, explanation };
    return ok([...events, entry(deployment, 'rollout.advanced', data, id, to)]);
  });
  const open = hereIn(deployment, state).rollout;
  if (open?.id !== id) return undefined;
  ports.log.info(`Version ${version} gets ${open.percent} % of the traffic.`);
  ports.announcer.status(id, 'in_progress', `${open.percent} %`);
  ports.announcer.progress(`### 🐤 Version ${version} at ${open.percent} % in ${environment}\n\n${report}`);
  return keep(deployment, open);
}

async function recordHold(
  deployment: Deployment,
  rollout: Rollout,
  code: string,
  explanation: string,
): Promise<void> {
  const { request, ports } = deployment;
  if (rollout.held !== undefined) return;
  const { id, stage } = rollout;
  const data = { rollout: id, environment: request.environmentName, code, explanation };
  await appendOrThrow(ports.ledger, request.config.model, (now) => {
    const open = hereIn(deployment, now).rollout;
    if (open?.id !== id || open.held !== undefined) return ok([]);
    return ok([entry(deployment, 'rollout.held', data, id, code, stage)]);
  });
}

/** Ends this job with the rollout still open: the lease is made long, and the agents watch on. */
async function leave(
  deployment: Deployment,
  rollout: Rollout,
  why: string,
  { explanation, report }: { readonly explanation: string; readonly report: string },
): Promise<Deployed> {
  const { request } = deployment;
  const braked = await apply(deployment, rollout, request.environment.rollout.deadlineSeconds);
  if (braked !== undefined) return braked;
  const { id, version, stable, percent } = rollout;
  const held = why === 'held' || rollout.held !== undefined;
  return {
    decision: 'stop',
    reasonCode: held ? 'held' : 'detached',
    headline: `Version ${version} stays at ${percent} % in ${request.environmentName}. ${explanation}`,
    report: `### ${held ? '⏸️ Held' : '🐤 Under way'}: version ${version} at ${percent} % in ${request.environmentName}\n\n${report}`,
    outputs: { outcome: held ? 'held' : 'in-progress', 'serving-version': stable ?? version },
    result: {
      outcome: held ? 'held' : 'in-progress',
      rollout: id,
      version,
      stable,
      percent,
      code: why,
      explanation,
    },
  };
}

/** Judges a rollout on what its hosts have seen. The evidence grows by what is new; it is not counted again each round. */
function createJudge(deployment: Deployment, rolloutId: string) {
  const { request, ports } = deployment;
  const fresh = collectObservations(deployment, rolloutId);
  let evidence: Evidence | undefined;
  let baseline: Baseline | undefined;
  const points: TracePoint[] = [];
  const observations: Observation[] = [];
  return async (rollout: Rollout, state: LedgerState): Promise<Judged> => {
    const plan = planOf(rollout, request.environment);
    baseline ??= await recallBaseline(deployment, state);
    let grown = evidence ?? startEvidence(plan, baseline);
    for (const observation of sortObservations(await fresh())) {
      grown = addObservation(grown, observation);
      observations.push(observation);
      points.push({ at: observation.at, stage: observation.stage, levels: grown.levels });
    }
    evidence = grown;
    const now = ports.clock.now();
    const decision = decideRollout({
      plan,
      evidence: grown,
      stage: rollout.stage,
      stageStartedAt: rollout.stageStartedAt,
      rolloutStartedAt: rollout.startedAt,
      now,
      control: rollout.held?.code === 'held' ? 'held' : 'running',
      heldSeconds: secondsHeld(rollout, now),
    });
    const report = renderRollout({ decision, evidence: grown, points });
    return { decision, report, seen: { baseline, observations } };
  };
}

function pollSeconds({ request }: Deployment): number {
  return Math.max(1, Math.min(LONGEST_POLL_SECONDS, request.environment.leaseSeconds / POLLS_PER_LEASE));
}
