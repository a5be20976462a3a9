import { parseConfig } from '../../../core/config/parse-config.ts';
import type { LabelCount } from '../../../core/drift/build-cohorts.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Cause } from '../../../core/ledger/cause.ts';
import { startFold } from '../../../core/ledger/fold.ts';
import { decideMonitor, type MonitorDecision } from '../../../core/monitor/decide-monitor.ts';
import { judgeServed } from '../../../core/monitor/judge-served.ts';
import type { Draws } from '../draws.ts';
import { SIMULATED_HOST } from '../traffic.ts';
import type { Deployment } from './deployment.ts';
import { BEGAN, CALM, DAY_MS, dayOf, HOUR_MS, startHost, type Weather } from './host.ts';
import { drawVersion, MODEL, type Version } from './model.ts';
import {
  ENVIRONMENT,
  packageOf,
  recordDecision,
  recordFailure,
  recordRequest,
  recordVersion,
} from './records.ts';

/** Hours from the request of a training to the promotion of its model, and to its failure. */
const TRAINING_HOURS = 12;
const FAILURE_HOURS = 1;
/** How long the version before has served when the year begins. */
const BEFORE_DAYS = 30;

/** How a deployment is played: its days, what the world is like on each, and what becomes of a training that is asked for on one. */
export type Play = {
  readonly deployment: Deployment;
  readonly days: number;
  readonly weatherOn: (day: number) => Weather;
  /** `done`: the next version serves half a day later. `failed`: it ends without a model. `unheard`: nobody ever answers. */
  readonly trainingOn: (day: number) => 'done' | 'failed' | 'unheard';
  /** The day on which a person asks for a training, which is done. */
  readonly trainedOn?: number;
};

/** What was decided at the check of the end of this day, counted from 0. */
export type Check = Pick<MonitorDecision, 'action' | 'codes'> & {
  readonly day: number;
  /** When it was made, in ms since 1970. */
  readonly now: number;
  /** The late labels that the host gave. */
  readonly labels: readonly LabelCount[];
};

/** What the next event of the world is, and when. */
type Pending = { readonly at: number; readonly cause: Cause; readonly end: 'done' | 'failed' };

const { monitor: policy, project } = readDefaults();

/** Plays a deployment from the promotion of its second version on: one check for each day, decided and recorded as monitor-check does. */
export function playDeployment(
  draws: Draws,
  { deployment, days, weatherOn, trainingOn, trainedOn }: Play,
): readonly Check[] {
  const fold = startFold(MODEL);
  const host = startHost(draws, deployment, weatherOn);
  let version = 1;
  /** Profiled on what the world was like then. */
  const draw = (at: number, { shift }: Weather): Version => {
    const named = { version: String(version), created: toInstant(at) };
    return drawVersion(draws, deployment, { ...named, shift });
  };
  const record = (at: number, cause: Cause) => {
    for (const event of recordVersion(toInstant(at), cause, String(version))) fold.add(event);
  };
  record(BEGAN - BEFORE_DAYS * DAY_MS, { kind: 'manual', id: 'first' });
  version = 2;
  record(BEGAN, { kind: 'manual', id: 'second' });
  let serving = draw(BEGAN, CALM);
  let pending: Pending | undefined;

  const goOn = (until: number) => {
    if (pending !== undefined && pending.at <= until) {
      const { at, cause, end } = pending;
      pending = undefined;
      host.serve(at, serving);
      if (end === 'failed') fold.add(recordFailure(toInstant(at), cause));
      else {
        version += 1;
        record(at, cause);
        serving = draw(at, weatherOn(dayOf(at)));
      }
    }
    host.serve(until, serving);
  };

  const train = (now: number, cause: Cause, end: Pending['end']) => {
    fold.add(recordRequest(toInstant(now), cause));
    pending = { at: now + (end === 'done' ? TRAINING_HOURS : FAILURE_HOURS) * HOUR_MS, cause, end };
  };

  const checkAt = (day: number, now: number): Check => {
    goOn(now);
    const at = toInstant(now);
    const ledger = fold.state();
    const named = String(version);
    const labels = host.labels(now, named);
    const windows = host.windows(now);
    const judged = judgeServed(serving.profile, { now: at, policy, windows, labels });
    const decision = decideMonitor({
      ...{ now: at, environment: ENVIRONMENT, ledger, policy, deliverySeconds: project.timeoutSeconds },
      hosts: [
        { host: SIMULATED_HOST.host, lastSeenAt: at, serving: { version: named, package: packageOf(named) } },
      ],
      lastRun: { kind: 'known', at },
      ...judged,
    });
    if (decision.isChange) fold.add(recordDecision(at, decision));
    const answer = trainingOn(day);
    if (pending === undefined && day === trainedOn)
      train(now, { kind: 'manual', id: `by-hand-v${named}` }, 'done');
    if (pending === undefined && decision.action === 'retrain' && answer !== 'unheard')
      train(now, { kind: 'dispatch', id: `retrain-${ledger.retrains.length + 1}-v${named}` }, answer);
    const { action, codes } = decision;
    return { day, now, action, codes, labels };
  };

  return Array.from({ length: days }, (_, day) =>
    checkAt(day, BEGAN + (day + 1) * DAY_MS + deployment.checkHour * HOUR_MS),
  );
}

/** What trainyard.yml says where it says nothing of the monitor. */
function readDefaults() {
  const text = `
version: 1
model: ${MODEL}
tracking: { uri: "http://mlflow.test" }
data: { holdout: { path: holdout.npz, target: label } }
gate: [{ metric: accuracy, floor: 0.9 }]
environments: { ${ENVIRONMENT}: { hosts: ["https://serve.test:9443"] } }
`;
  const parsed = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}
