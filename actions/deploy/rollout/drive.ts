import type { Environment } from '../../../core/config/config.ts';
import { pollSeconds } from '../../../core/deploy/leases.ts';
import { isLedgerUnreachable, ServiceError } from '../../../core/errors.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Journal } from '../journal.ts';
import { type DeployOutcome, withReport } from '../outcomes.ts';
import type { Conclude } from './conclude.ts';
import type { Course, SetCourse } from './course.ts';
import type { Endings } from './end.ts';
import type { Outlast } from './outlast.ts';
import type { Stepped } from './step.ts';

/**
 * Goes on with the rollout of that id from wherever it stands, as far as this job can take it. It never begins one: where that rollout
 * is not open any more, the outcome says how it ended.
 */
export type GoOn = (rolloutId: string) => Promise<DeployOutcome>;

type DrivePorts = {
  readonly journal: Pick<Journal, 'read'>;
  readonly conclude: Conclude;
  readonly setCourse: SetCourse;
  readonly outlast: Outlast;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** Goes on with the rollouts of one environment. */
export function createDriver(
  ports: DrivePorts,
  { rollBack }: Pick<Endings, 'rollBack'>,
  settings: Pick<Environment, 'leaseSeconds'>,
): GoOn {
  const { journal, conclude, outlast } = ports;
  return (id) => untilEnded({ journal, conclude, rollBack, outlast }, id, () => drive(ports, id, settings));
}

/**
 * Takes an open rollout to its end. Each round reads everything anew (ledger, hosts, traffic, observations), decides, and does one
 * thing; so it does not matter which job did the round before, or whether it finished it, nor which hosts were away in it.
 */
async function drive(
  { journal, conclude, setCourse, outlast, clock, signal }: DrivePorts,
  rolloutId: string,
  settings: Pick<Environment, 'leaseSeconds'>,
): Promise<DeployOutcome> {
  let course: Course | undefined;
  let last: Rollout | undefined;
  const keepLeases = async () => last && course?.keep(last);
  for (;;) {
    signal.throwIfAborted();
    const reading = await outlast(journal.read, keepLeases);
    const { rollout } = reading.here;
    if (rollout?.id !== rolloutId) return conclude(rolloutId);
    course ??= await setCourse(rollout, reading);
    last = rollout;
    const stepped = await toleratingLedger(course.round(rollout, reading));
    if (stepped.kind === 'ended' || stepped.kind === 'left') return stepped.outcome;
    if (stepped.kind === 'going-on') await clock.wait(pollSeconds(settings) * 1_000, signal);
  }
}

/** What could not be written is decided again at the next poll, on what the ledger says then. */
async function toleratingLedger(step: Promise<Stepped>): Promise<Stepped> {
  try {
    return await step;
  } catch (thrown) {
    if (isLedgerUnreachable(thrown)) return { kind: 'going-on' };
    throw thrown;
  }
}

type GuardPorts = Pick<DrivePorts, 'journal' | 'conclude' | 'outlast'> & Pick<Endings, 'rollBack'>;

/**
 * Works on an open rollout. Another job may end it meanwhile (a report of a brake starts one): then a host refuses what no longer
 * stands, and the ledger says how it ended.
 */
async function untilEnded(
  { journal, conclude, rollBack, outlast }: GuardPorts,
  rolloutId: string,
  work: () => Promise<DeployOutcome>,
): Promise<DeployOutcome> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof ServiceError) || isLedgerUnreachable(thrown)) throw thrown;
    const reading = await outlast(journal.read);
    const { history, rollout } = reading.here;
    if (history.some((ended) => ended.rollout === rolloutId)) return conclude(rolloutId);
    // A job that was killed right after it told the hosts, before the ledger: what they were told is finished.
    const { code, message } = thrown.problem;
    if (code !== 'rollout-over' || rollout?.id !== rolloutId) throw thrown;
    const ended = await rollBack(
      rollout,
      withReport(code, `A host was told before that it is over: ${message}`),
    );
    return ended.kind === 'ended' ? ended.outcome : conclude(rolloutId);
  }
}
