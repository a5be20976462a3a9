import { messageOf } from '../../core/errors.ts';
import { addSeconds, epochMs, type Instant } from '../../core/instant.ts';
import type { AgentPort, Log } from '../../core/ports.ts';
import type { Block } from '../../core/report/report.ts';
import type { Observation } from '../../core/rollout/evidence/observation.ts';
import { planStages } from '../../core/rollout/plan-stages.ts';
import { reportStages } from '../../core/rollout/report-stages.ts';
import type { RolloutPlan } from '../../core/rollout/rollout-plan.ts';
import { readObservations } from '../serving/read-observations.ts';

/** Traffic of the last so many seconds stands for the traffic to come. */
const LOOK_BACK_SECONDS = 3_600;
type ForecastRequest = {
  readonly agents: readonly AgentPort[];
  readonly model: string;
  readonly plan: RolloutPlan;
  readonly now: Instant;
  readonly log: Log;
};

/**
 * What each stage of a rollout would and would not detect at the present traffic, for people. `undefined` when a host can't be
 * asked: a plan is told without it.
 */
export async function forecastRollout(request: ForecastRequest): Promise<readonly Block[] | undefined> {
  const { agents, model, plan, now, log } = request;
  try {
    const since = addSeconds(now, -LOOK_BACK_SECONDS);
    const looks = await Promise.all(agents.map((agent) => readObservations(agent, model, since)));
    const rates = looks.map((seen) => requestsPerSecond(seen, epochMs(now)));
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    return reportStages(planStages({ plan, requestsPerSecond: total }));
  } catch (thrown) {
    log.warn(`The rollout can't be forecast: ${messageOf(thrown)}`);
    return undefined;
  }
}

/**
 * Requests per second that one host was sent lately, answered or not. A host notes each look at which some had come, and none at which
 * nothing was asked: so the time since the last one counts only when another would have come by now.
 */
function requestsPerSecond(seen: readonly Observation[], now: number): number {
  if (seen.length === 0) return 0;
  const looks = seen.map((one) => ({ to: Math.min(now, epochMs(one.at)), lastsMs: one.seconds * 1_000 }));
  const first = Math.min(...looks.map(({ to, lastsMs }) => to - lastsMs));
  const last = Math.max(...looks.map(({ to }) => to));
  const longest = Math.max(...looks.map(({ lastsMs }) => lastsMs));
  const seconds = ((now - last > 2 * longest ? now : last) - first) / 1_000;
  const sent = seen.reduce((sum, { stable, candidate }) => sum + stable.requests + candidate.requests, 0);
  return seconds <= 0 ? 0 : sent / seconds;
}
