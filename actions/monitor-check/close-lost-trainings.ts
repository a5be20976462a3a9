import { messageOf } from '../../core/errors.ts';
import { secondsBetween } from '../../core/instant.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { releaseLock } from '../../core/ledger/locks.ts';
import { type LedgerState, openTrainings, type Training } from '../../core/ledger/state.ts';
import { ok } from '../../core/result.ts';
import { MOST_ROUNDS } from '../../core/training/lease.ts';
import { appendOrThrow } from '../job/append-or-throw.ts';
import { findRunsOf } from './find-runs-of.ts';
import type { Monitoring } from './monitor-context.ts';
import { findLost } from './take-up-trainings.ts';

/** A request whose training has not begun after this long never will, in seconds. */
const LOST_REQUEST_SECONDS = 86_400;
/** A search takes no longer than a job may, in seconds. */
const SEARCH_SECONDS = 4320 * 60;
/**
 * Where GitHub does not say whether the run of the workflow is over: a training that ended well is predicted, judged and on record within this
 * time, in seconds; else a job after it has failed. A job may wait a day for its runner; to predict may take eight hours, to judge three.
 */
const JUDGED_WITHIN_SECONDS = 86_400 + 11 * 3_600;

/**
 * Closes trainings that ended without a word: the train job runs the user's code and may not write to the ledger, so a failed
 * one stays open until someone looks. An open training would stop the next one from being asked for.
 */
export async function closeLostTrainings(monitoring: Monitoring, state: LedgerState): Promise<LedgerState> {
  const { request, ports } = monitoring;
  const ended: { readonly training: Training; readonly events: readonly LedgerEvent[] }[] = [];
  for (const training of openTrainings(state)) {
    const message = await findEnd(monitoring, training);
    if (message === undefined) continue;
    ports.log.info(`Training ${training.correlationId}: ${message}`);
    const { cause, actor } = training;
    const context = { ...request.author, cause, actor, at: ports.clock.now() };
    const data = { runId: training.runId ?? 'none', status: 'failed' as const, message };
    // A search that nobody will record would keep the next one waiting.
    const released = releaseLock(state, context, { lock: 'search', holder: training.correlationId });
    ended.push({
      training,
      events: [createEvent(context, 'training.finished', data, 'lost'), ...released],
    });
  }
  if (ended.length === 0) return state;
  const decide = (now: LedgerState) => ok(ended.filter(isAsItWas(now)).flatMap(({ events }) => events));
  return (await appendOrThrow(ports.ledger, request.config.model, decide)).state;
}

/** Whether a training is open still, and nobody has taken it up since it was looked at. */
function isAsItWas(now: LedgerState): (ended: { readonly training: Training }) => boolean {
  const open = new Map(
    openTrainings(now).map((training) => [training.correlationId, training.resumed?.round]),
  );
  return ({ training: { correlationId, resumed } }) =>
    open.has(correlationId) && open.get(correlationId) === resumed?.round;
}

async function findEnd(monitoring: Monitoring, training: Training): Promise<string | undefined> {
  const { request, ports } = monitoring;
  const { project } = request.config;
  const [trained] = await findRunsOf(monitoring, training, 'train');
  // Before a training, or instead of one, may be a search.
  const isSearch = trained === undefined && training.operation === 'tune';
  const [last] = isSearch ? await findRunsOf(monitoring, training, 'search') : [trained];
  if (last?.status === 'FAILED' || last?.status === 'KILLED')
    return `its run ${last.runId} is ${last.status}`;
  const now = ports.clock.now();
  if (last?.status === 'FINISHED') {
    const { runId, endedAt = now } = last;
    const isOver =
      secondsBetween(endedAt, now) > JUDGED_WITHIN_SECONDS ||
      (await findConclusion(monitoring, training)) !== undefined;
    return isOver
      ? `its run ${runId} ended well at ${endedAt}, and nothing has judged it since: a job after the training failed. Re-run the failed jobs of its workflow run`
      : undefined;
  }
  const age = secondsBetween(training.requestedAt, now);
  if (last === undefined) {
    if (age > LOST_REQUEST_SECONDS) return 'it never began';
    const ended = await findConclusion(monitoring, training);
    return ended && `it never began, and its workflow run is over: ${ended}. Ask for it anew`;
  }
  const lostAgain = last.status === 'RUNNING' && (await findSecondLoss(monitoring, training));
  if (lostAgain) return lostAgain;
  const most = training.operation === 'tune' ? SEARCH_SECONDS : project.timeoutSeconds;
  const tooOld = age > most + LOST_REQUEST_SECONDS;
  return last.status === 'RUNNING' && tooOld
    ? `its run ${last.runId} is older than it may become`
    : undefined;
}

/** How the workflow run that carries it has ended; `undefined` where a job of it may be to come, and where GitHub does not say. */
async function findConclusion(
  { ports: { github, log } }: Monitoring,
  { correlationId, run, resumed }: Training,
): Promise<string | undefined> {
  const carrying = resumed?.run ?? run;
  try {
    return await github.conclusionOf(carrying);
  } catch (thrown) {
    log.warn(
      `Whether run ${carrying} of the workflow, for training ${correlationId}, is over can't be told: ${messageOf(thrown)}`,
    );
    return undefined;
  }
}

/** Why a training that was taken up again by itself as often as may be comes to nothing all the same. */
async function findSecondLoss(monitoring: Monitoring, training: Training): Promise<string | undefined> {
  const { resumed } = training;
  if (resumed === undefined || resumed.round < MOST_ROUNDS) return undefined;
  const lost = await findLost(monitoring, training);
  if (lost === undefined) return undefined;
  const { runId } = lost.run;
  if (lost.leases.some(({ round }) => round === resumed.round)) {
    return `its run ${runId} was lost again. Re-run the failed jobs of its workflow run: it goes on from what it has left`;
  }
  const since = secondsBetween(resumed.at, monitoring.ports.clock.now());
  return since > LOST_REQUEST_SECONDS || (await findConclusion(monitoring, training)) !== undefined
    ? `its run ${runId} was lost, and the job that was asked for has never begun`
    : undefined;
}
