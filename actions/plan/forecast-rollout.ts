import type { CaptureWindow } from '../../core/drift/window.ts';
import { messageOf } from '../../core/errors.ts';
import { epochMs } from '../../core/instant.ts';
import type { AgentPort, Log } from '../../core/ports.ts';
import type { Block } from '../../core/report/report.ts';
import { planStages } from '../../core/rollout/plan-stages.ts';
import { reportStages } from '../../core/rollout/report-stages.ts';
import type { RolloutPlan } from '../../core/rollout/rollout-plan.ts';
import { readWindows } from '../serving/read-windows.ts';

/** Traffic of the last so many seconds stands for the traffic to come. */
const LOOK_BACK_SECONDS = 3_600;

type ForecastRequest = {
  readonly agents: readonly AgentPort[];
  readonly model: string;
  readonly plan: RolloutPlan;
  readonly now: string;
  readonly log: Log;
};

/**
 * What each stage of a rollout would and would not detect at the present traffic, for people. `undefined` when a host can't be
 * asked: a plan is told without it.
 */
export async function forecastRollout(request: ForecastRequest): Promise<readonly Block[] | undefined> {
  const { agents, model, plan, now, log } = request;
  try {
    const windows = await Promise.all(agents.map((agent) => readWindows(agent, model)));
    const rates = windows.map((seen) => requestsPerSecond(seen, epochMs(now)));
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    return reportStages(planStages({ plan, requestsPerSecond: total }));
  } catch (thrown) {
    log.warn(`The rollout can't be forecast: ${messageOf(thrown)}`);
    return undefined;
  }
}

/**
 * Predictions per second that one host made lately. A host tells of a window when it has closed it, and of none in which nothing was
 * asked: so the time since the last one counts only when another would have come by now.
 */
function requestsPerSecond(windows: readonly CaptureWindow[], now: number): number {
  const recent = windows
    .map(({ n, from, to }) => ({ n, from: epochMs(from), to: Math.min(now, epochMs(to)) }))
    .filter(({ to }) => now - to < LOOK_BACK_SECONDS * 1_000);
  if (recent.length === 0) return 0;
  const first = Math.min(...recent.map(({ from }) => from));
  const last = Math.max(...recent.map(({ to }) => to));
  const longest = Math.max(...recent.map(({ from, to }) => to - from));
  const seconds = ((now - last > 2 * longest ? now : last) - first) / 1_000;
  return seconds <= 0 ? 0 : recent.reduce((sum, { n }) => sum + n, 0) / seconds;
}
