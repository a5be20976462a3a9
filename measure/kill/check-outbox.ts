import { isDeepStrictEqual } from 'node:util';
import { DISPATCH_TYPES } from '../../core/names.ts';
import { canonicalJson, dispatchPayloadSchema } from '../../core/serving/dispatch-payload.ts';
import type { Dispatch } from '../../sandbox/github/repository.ts';
import type { StoredReport } from './agent-snapshot.ts';

/** A report as it arrived. */
type Arrival = StoredReport;

/** What was delivered, in its order. */
export function arrivalsOf(dispatches: readonly Dispatch[]): readonly Arrival[] {
  return dispatches.map(({ type, payload }) => ({ type, payload: dispatchPayloadSchema.parse(payload) }));
}

/** What is wrong with the deliveries: a stored report that never came or came changed, one id for two reports, one report under two ids. */
export function findOutboxProblems(
  stored: readonly StoredReport[],
  arrivals: readonly Arrival[],
): readonly string[] {
  const byId = Map.groupBy(arrivals, ({ payload }) => payload.id);
  const lost = stored
    .filter((report) => !byId.get(report.payload.id)?.some((arrival) => isDeepStrictEqual(arrival, report)))
    .map(({ payload }) => `report ${payload.id} was stored and not delivered as it is`);
  const changed = [...byId]
    .filter(([, same]) => same.some((arrival) => !isDeepStrictEqual(arrival, same[0])))
    .map(([id]) => `the id ${id} was delivered with two contents`);
  const twice = [...Map.groupBy(arrivals, subjectOf)]
    .filter(([, same]) => new Set(same.map(({ payload }) => payload.id)).size > 1)
    .map(([subject]) => `${subject} was delivered under two ids`);
  return [...lost, ...changed, ...twice];
}

/** What a report is about, whatever its id: a stage of a rollout, the brake on one; for the others, all they say. */
function subjectOf({ type, payload }: Arrival): string {
  const { rollout, stage, version } = payload.body;
  if (type === DISPATCH_TYPES.rollout) return `${type} ${rollout} stage ${stage}`;
  if (type === DISPATCH_TYPES.brake) return `${type} ${rollout} version ${version}`;
  return `${type} ${payload.at} ${canonicalJson(payload.body)}`;
}

/**
 * What the reports say of the end of one rollout, each once and without ids, instants and numbers that differ from run to run: its
 * brakes. A stage that is reported as done is a step, and no end: a job that was kept waiting has seen it by itself, and where a
 * report that is needed never comes, the rollout stays open.
 */
export function tellBrakes(arrivals: readonly Arrival[], rollout: string): readonly string[] {
  const told = arrivals
    .filter(({ type, payload }) => type === DISPATCH_TYPES.brake && payload.body['rollout'] === rollout)
    .map(({ type, payload: { body } }) => `${type} ${body['code']}`);
  return [...new Set(told)].toSorted();
}
