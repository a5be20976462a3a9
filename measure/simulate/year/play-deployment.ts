import type { FollowedDrift } from '../../../core/drift/follow-drift.ts';
import { goOnWithDrift, type judgeDrift } from '../../../core/drift/judge-drift.ts';
import type { LabelCount } from '../../../core/drift/labels/build-cohorts.ts';
import { toInstant } from '../../../core/instant.ts';
import { decideMonitor, type MonitorDecision } from '../../../core/monitor/decide-monitor.ts';
import { judgeServed } from '../../../core/monitor/judge-served.ts';
import type { Draws } from '../draws.ts';
import { SIMULATED_HOST } from '../traffic.ts';
import { readDefaults } from './defaults.ts';
import type { Circumstances } from './deployment.ts';
import { BEGAN, DAY_MS, HOUR_MS, type Weather } from './host.ts';
import { MODEL } from './model.ts';
import { ENVIRONMENT, packageOf, recordDecision } from './records.ts';
import { type Service, startService } from './service.ts';

/** How a deployment is played: its days, what the world is like on each, and what becomes of a training that is asked for on one. */
export type YearPlay = {
  readonly deployment: Circumstances;
  readonly days: number;
  readonly weatherOn: (day: number) => Weather;
  /** `done`: the next version serves half a day later. `failed`: it ends without a model. `unheard`: nobody ever answers. */
  readonly trainingOn: (day: number) => 'done' | 'failed' | 'unheard';
  /** The day on which a person asks for a training, which is done. */
  readonly trainedOn?: number;
};

/** What was decided at the check of the end of this day, counted from 0. */
export type DailyCheck = Pick<MonitorDecision, 'action' | 'codes'> & {
  readonly day: number;
  /** When it was made, in ms since 1970. */
  readonly now: number;
  /** The late labels that the host gave. */
  readonly labels: readonly LabelCount[];
};

const { monitor: policy, project } = readDefaults(MODEL);

/** Plays a deployment from the promotion of its second version on: one check for each day, decided and recorded as monitor-check does. */
export function playDeployment(draws: Draws, play: YearPlay): readonly DailyCheck[] {
  const service = startService(draws, play.deployment, play.weatherOn);
  const judge = rememberDrift();
  return Array.from({ length: play.days }, (_, day) => {
    const now = BEGAN + (day + 1) * DAY_MS + play.deployment.checkHour * HOUR_MS;
    service.goOn(now);
    const labels = service.labels();
    const decision = decide(service, { now, labels, judge });
    if (decision.isChange) service.record(recordDecision(toInstant(now), decision));
    answer(service, play, { day, now, action: decision.action });
    const { action, codes } = decision;
    return { day, now, action, codes, labels };
  });
}

type Check = Pick<DailyCheck, 'now' | 'labels'> & { readonly judge: typeof judgeDrift };

function decide(service: Service, { now, labels, judge }: Check): MonitorDecision {
  const { version, profile } = service.serving();
  const at = toInstant(now);
  const host = SIMULATED_HOST.host;
  return decideMonitor({
    ...{ now: at, environment: ENVIRONMENT, ledger: service.ledger(), policy },
    deliverySeconds: project.timeoutSeconds,
    hosts: [{ host, lastSeenAt: at, serving: { version, package: packageOf(version) } }],
    lastRun: { kind: 'known', at },
    ...judgeServed(profile, { now: at, policy, windows: service.windows(), labels }, judge),
  });
}

/** Judges as `judgeDrift` does, at the price of the day that is new: a year of checks is otherwise a year of years. */
function rememberDrift(): typeof judgeDrift {
  let before: FollowedDrift | undefined;
  return (...asked) => {
    const { judgement, followed } = goOnWithDrift(...asked, before);
    before = followed;
    return judgement;
  };
}

/** What people and the pipeline make of a check. */
function answer(
  service: Service,
  { trainingOn, trainedOn }: YearPlay,
  { day, now, action }: Pick<DailyCheck, 'day' | 'now' | 'action'>,
): void {
  const { version } = service.serving();
  const end = trainingOn(day);
  if (day === trainedOn) service.train(now, { kind: 'manual', id: `by-hand-v${version}` }, 'done');
  if (action !== 'retrain' || end === 'unheard') return;
  const number = service.ledger().retrains.length + 1;
  service.train(now, { kind: 'dispatch', id: `retrain-${number}-v${version}` }, end);
}
