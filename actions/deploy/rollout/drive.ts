import { detachedLease, pollSeconds } from '../../../core/deploy/leases.ts';
import { serveOnly, serveRollout } from '../../../core/deploy/rollout-traffic.ts';
import type { LedgerState, Rollout } from '../../../core/ledger/state.ts';
import { escapeMarkdown } from '../../../core/report/escape-markdown.ts';
import { ok } from '../../../core/result.ts';
import { appendOrThrow } from '../../job/append-or-throw.ts';
import type { Started } from '../../serving/start-on-host.ts';
import { type Deployed, type Deployment, entry, hereIn, readState } from '../deploy-context.ts';
import { findCandidate } from '../find-candidate.ts';
import { type BringUp, createBringUp } from '../hosts/bring-up.ts';
import { setTrafficEverywhere } from '../hosts/traffic.ts';
import { concludeEarlier } from './conclude.ts';
import { promote, rollBack } from './end.ts';
import { recordHold, recordReturn } from './hold.ts';
import { createJudge, type Judged } from './judge.ts';
import { rememberRollout } from './memory.ts';
import { shadowCandidate } from './shadow.ts';

/**
 * Takes an open rollout to its end. Each round reads everything anew (ledger, hosts, traffic, observations), decides, and does one
 * thing; so it does not matter which job did the round before, or whether it finished it, nor which hosts were away in it.
 */
export async function driveRollout(deployment: Deployment, rolloutId: string): Promise<Deployed> {
  const { request, ports } = deployment;
  const judge = createJudge(deployment, rolloutId);
  let bringUp: BringUp | undefined;
  for (let explained = ''; ; ) {
    request.signal.throwIfAborted();
    const readAt = ports.clock.now();
    const state = await readState(deployment);
    const { rollout } = hereIn(deployment, state);
    if (rollout?.id !== rolloutId) return concludeEarlier(deployment, state, rolloutId);
    bringUp ??= await beginBringUp(deployment, rollout, state);
    const started = await bringUp.step();
    if (!started.ok) return rollBackUnready(deployment, rollout, started);
    const judged = await judge(rollout, state, bringUp.found);
    if (await hasMoved(deployment, rollout, readAt)) continue;
    // A first version is compared with nothing, so there is nothing to say of it.
    const isCompared = rollout.stable !== undefined;
    if (isCompared && judged.decision.explanation !== explained) ports.log.info(judged.decision.explanation);
    explained = judged.decision.explanation;
    const ended = await act(deployment, rollout, judged, bringUp);
    if (ended !== undefined) {
      if (ended.outputs.outcome !== 'in-progress' && ended.outputs.outcome !== 'held') {
        await rememberRollout(deployment, rollout, judged.seen);
      }
      return ended;
    }
    await ports.clock.wait(pollSeconds(request.environment) * 1_000, request.signal);
  }
}

/** Whether another job has moved the rollout on or ended it while this one slept, or waited for a host, for a lease. */
async function hasMoved(deployment: Deployment, rollout: Rollout, readAt: string): Promise<boolean> {
  const { request, ports } = deployment;
  const seconds = (Date.parse(ports.clock.now()) - Date.parse(readAt)) / 1_000;
  if (seconds <= request.environment.leaseSeconds) return false;
  const now = hereIn(deployment, await readState(deployment)).rollout;
  return now?.id !== rollout.id || now.stage !== rollout.stage || now.percent !== rollout.percent;
}

async function beginBringUp(deployment: Deployment, rollout: Rollout, state: LedgerState): Promise<BringUp> {
  const { request, ports } = deployment;
  const { id, version } = rollout;
  const candidate = await findCandidate(
    { ...deployment, request: { ...request, version, package: rollout.package } },
    state,
  );
  const bringUp = createBringUp(deployment, candidate, state);
  if (rollout.percent > 0) return bringUp;
  ports.announcer.status(id, 'in_progress', `Starting version ${version}`);
  ports.log.info(`Starting version ${version} on ${ports.fleet.urls.length} hosts.`);
  return bringUp;
}

function rollBackUnready(
  deployment: Deployment,
  rollout: Rollout,
  { code, message }: Started & { readonly ok: false },
): Promise<Deployed> {
  const explanation = `It did not become ready on every host: ${message}.`;
  return rollBack(deployment, rollout, { code, explanation, report: escapeMarkdown(explanation) });
}

/** One step of a rollout: what the decision asks for. Gives the outcome when that ends this job. */
async function act(
  deployment: Deployment,
  rollout: Rollout,
  { decision, report }: Judged,
  bringUp: BringUp,
): Promise<Deployed | undefined> {
  const { explanation } = decision;
  if (decision.kind === 'rollback') {
    return rollBack(deployment, rollout, { code: decision.code, explanation, report });
  }
  if (decision.kind === 'hold') {
    await recordHold(deployment, rollout, { code: decision.code, explanation, away: bringUp.found().away });
    return decision.code === 'held' || mayLeave(deployment, bringUp)
      ? leave(deployment, rollout, { why: decision.code, explanation, report }, bringUp)
      : keep(deployment, rollout, bringUp);
  }
  await recordReturn(deployment, rollout);
  if (rollout.percent === 0) return takeFirstStep(deployment, rollout, bringUp);
  switch (decision.kind) {
    case 'promote':
      return promote(deployment, rollout, { code: 'promote', explanation, report });
    case 'advance':
      return advance(deployment, rollout, { to: decision.to, explanation, report }, bringUp);
    case 'continue':
      return mayLeave(deployment, bringUp)
        ? leave(deployment, rollout, { why: 'in-progress', explanation, report }, bringUp)
        : keep(deployment, rollout, bringUp);
  }
}

/** A host that is still starting the candidate would be left without a lease: it would never report, and nobody would come back. */
function mayLeave({ request }: Deployment, bringUp: BringUp): boolean {
  return request.detach && !bringUp.isStarting();
}

/** Out of the dark. The first version of an environment has nothing to be compared with: it gets all traffic at once. */
async function takeFirstStep(
  deployment: Deployment,
  rollout: Rollout,
  bringUp: BringUp,
): Promise<Deployed | undefined> {
  if (rollout.stable === undefined) {
    const explanation = 'It is the first version here, so there was nothing to compare it with.';
    await setTrafficEverywhere(deployment, serveOnly(rollout.version), bringUp);
    return promote(deployment, rollout, { code: 'first', explanation, report: escapeMarkdown(explanation) });
  }
  const shadow = await shadowCandidate(deployment, rollout, bringUp);
  if (shadow.kind === 'ended') return shadow.deployed;
  const { explanation } = shadow;
  return advance(deployment, rollout, { to: 0, explanation, report: escapeMarkdown(explanation) }, bringUp);
}

/** Keeps traffic where the ledger says, which renews the lease; a brake of an agent ends the rollout everywhere. */
function keep(deployment: Deployment, rollout: Rollout, bringUp: BringUp): Promise<Deployed | undefined> {
  const { leaseSeconds } = deployment.request.environment;
  return apply(deployment, rollout, { leaseSeconds, detached: false }, bringUp);
}

async function apply(
  deployment: Deployment,
  rollout: Rollout,
  lease: { readonly leaseSeconds: number; readonly detached: boolean },
  bringUp: BringUp,
): Promise<Deployed | undefined> {
  const { stable } = rollout;
  if (stable === undefined) return undefined;
  const wanted = serveRollout({ ...rollout, stable }, deployment.request.environment, {
    shadow: false,
    ...lease,
  });
  const brake = await setTrafficEverywhere(deployment, wanted, bringUp);
  if (brake === undefined) return undefined;
  const explanation = `An agent braked: ${brake.explanation}`;
  return rollBack(deployment, rollout, {
    code: brake.code,
    explanation,
    report: escapeMarkdown(explanation),
  });
}

/** Raises the candidate's traffic: first as an event, then on the hosts. A job that dies in between is caught up by the next round. */
async function advance(
  deployment: Deployment,
  rollout: Rollout,
  { to, explanation, report }: { readonly to: number; readonly explanation: string; readonly report: string },
  bringUp: BringUp,
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
  return keep(deployment, open, bringUp);
}

/** Ends this job with the rollout still open: the agents watch on and say when there is something to do. */
async function leave(
  deployment: Deployment,
  rollout: Rollout,
  {
    why,
    explanation,
    report,
  }: { readonly why: string; readonly explanation: string; readonly report: string },
  bringUp: BringUp,
): Promise<Deployed | undefined> {
  const { request, ports } = deployment;
  const leaseSeconds = detachedLease(rollout, request.environment, ports.clock.now());
  const lease = { leaseSeconds, detached: true };
  const braked = await apply(deployment, rollout, lease, bringUp);
  if (braked !== undefined || (why !== 'held' && bringUp.isStarting())) return braked;
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
