import type { Environment } from '../../../core/config/config.ts';
import { findWords } from '../../../core/deploy/find-words.ts';
import { type Instant, isBefore, secondsBetween } from '../../../core/instant.ts';
import { lookUp, type Rollout } from '../../../core/ledger/state.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import type { Brake } from '../../../core/serving/api.ts';
import type { Started } from '../../serving/start-on-host.ts';
import type { Announcer } from '../announcer.ts';
import { findCandidate } from '../find-candidate.ts';
import { createBringUp } from '../hosts/bring-up.ts';
import { collectObservations } from '../hosts/collect-observations.ts';
import type { Fleet } from '../hosts/fleet.ts';
import { createRolloutTraffic } from '../hosts/rollout-traffic.ts';
import type { Starter } from '../hosts/starter.ts';
import { hasMoved, type Journal, type Reading } from '../journal.ts';
import type { Listener } from '../listener.ts';
import { withReport } from '../outcomes.ts';
import { type Brakes, explainBrake } from './brakes.ts';
import type { Endings } from './end.ts';
import { createJudge } from './judge.ts';
import type { Memory } from './memory.ts';
import { shadowCandidate } from './shadow.ts';
import { type Leaving, type Stepped, takeStep } from './step.ts';
import { createProgress } from './tell-progress.ts';

/** One round of an open rollout, as it is at one reading: brings hosts up, judges what they saw, and takes one step. */
type Round = (rollout: Rollout, reading: Reading) => Promise<Stepped>;

type CoursePorts = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly announcer: Pick<Announcer, 'status' | 'progress'>;
  readonly listener: Listener;
  readonly starter: Starter;
  readonly endings: Endings;
  readonly brakes: Pick<Brakes, 'ask'>;
  readonly memory: Pick<Memory, 'recall' | 'remember'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** What this job is to do with a rollout, and under which settings. */
type CourseSettings = {
  readonly settings: Environment;
  /** A request that has no answer after so long has failed, in s. */
  readonly answerSeconds: number;
  readonly detach: boolean;
  /** From then on it leaves a rollout that is under way. */
  readonly leaveAt: Instant | undefined;
};

/** What this job does for a rollout. */
export type Course = {
  readonly round: Round;
  /** Renews the leases where this job last left traffic, and decides nothing. A brake takes the candidate back all the same. */
  readonly keep: (rollout: Rollout) => Promise<void>;
};

/** Makes this job ready for a rollout that is open at this reading. */
export type SetCourse = (rollout: Rollout, reading: Reading) => Promise<Course>;

/** The course of one environment's rollouts. */
export function createCourse(
  { journal, fleet, announcer, listener, starter, endings, brakes, memory, clock, log, signal }: CoursePorts,
  { settings, answerSeconds, detach, leaveAt }: CourseSettings,
): SetCourse {
  return async (rollout, reading) => {
    const { model } = journal;
    const { id, version } = rollout;
    const { version: known, place } = await findCandidate(starter, reading.state, rollout);
    const stable = rollout.stable === undefined ? undefined : lookUp(reading.state.versions, rollout.stable);
    const hosts = createBringUp(fleet, starter, {
      candidate: starter.prepare(reading.state, known, place),
      stable: stable?.package && starter.prepare(reading.state, stable, stable.package),
    });
    const observe = () => collectObservations(fleet, model, id);
    const baseline = await memory.recall(reading);
    const { judge, stablePast } = createJudge({ baseline, observe: observe(), clock }, settings);
    const words = findWords(reading.here, [rollout.stable, version]);
    const asked = { model, settings, participants: hosts, tempering: baseline.eta, stablePast, words };
    const traffic = createRolloutTraffic({ fleet, clock, log }, asked);
    const shadow = (dark: Rollout) =>
      shadowCandidate({ traffic, observeAll: observe(), clock, log, signal }, dark, {
        settings,
        answerSeconds,
      });
    const explain = createExplainer(log);
    const tellProgress = createProgress({ announcer, clock }, journal.environment);
    if (rollout.percent === 0) {
      announcer.status(id, 'in_progress', `Starting version ${version}`);
      log.info(`Starting version ${version} on ${fleet.urls.length} hosts.`);
    }
    const leaving = (): Leaving => {
      if (listener.isCalled()) return 'hurries';
      return detach || (leaveAt !== undefined && !isBefore(clock.now(), leaveAt)) ? 'leaves' : 'stays';
    };
    const keep: Course['keep'] = async (open) => {
      const brake = (await brakes.ask(open.id)) ?? (await traffic.renew());
      if (brake !== undefined) await endings.rollBack(open, explainBrake(brake));
    };
    const round: Round = async (open, now) => {
      const started = await hosts.step();
      if (!started.ok) return rollBackUnready(endings, open, started);
      const judged = await judge(open, { hosts: hosts.found, obstacle: now.obstacleTo(open) });
      const hasSlept = secondsBetween(now.at, clock.now()) > settings.leaseSeconds;
      if (hasSlept && hasMoved((await journal.read()).here.rollout, open)) return { kind: 'overtaken' };
      // A first version is compared with nothing, so there is nothing to say of it.
      if (open.stable !== undefined) explain(judged.decision.explanation);
      const endBraked = (braked: Rollout, brake: Brake) => {
        const reasons = explainBrake(brake);
        return endings.rollBack(braked, { ...reasons, report: [...reasons.report, ...judged.evidence] });
      };
      const ports = { journal, endings, endBraked, announcer, brakes, traffic, hosts, shadow, log };
      const stepped = await takeStep(ports, { rollout: open, judged, leaving: leaving() });
      if (stepped.kind === 'going-on') tellProgress(open, judged);
      if (stepped.kind === 'ended') await memory.remember(open, judged.seen);
      return stepped;
    };
    return { round, keep };
  };
}

/** Says a thing once, until there is another to say. */
function createExplainer({ info }: Pick<Log, 'info'>): (explanation: string) => void {
  let last: string | undefined;
  return (explanation) => {
    if (explanation !== last) info(explanation);
    last = explanation;
  };
}

function rollBackUnready(
  { rollBack }: Pick<Endings, 'rollBack'>,
  rollout: Rollout,
  { code, message }: Started & { readonly ok: false },
): Promise<Stepped> {
  return rollBack(rollout, withReport(code, `It did not become ready on every host: ${message}.`));
}
