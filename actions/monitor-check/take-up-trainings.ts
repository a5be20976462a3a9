import { createHash } from 'node:crypto';
import { createSeal } from '../../adapters/seal.ts';
import { type LedgerState, openTrainings, type Training } from '../../core/ledger/state.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { TrackingRun } from '../../core/ports.ts';
import {
  LEASE_TIMES,
  type Lease,
  MOST_ROUNDS,
  readLeases,
  secondsUntilLost,
} from '../../core/training/lease.ts';
import type { AskFor } from './ask-for.ts';
import { findRunsOf } from './find-runs-of.ts';
import type { Monitoring } from './monitor-context.ts';

/** How much of a training's digest tells it from others. */
const DIGEST_LENGTH = 16;

/** A training whose job was not heard for so long that it is taken for lost: its run, and who held it. */
type LostTraining = { readonly run: TrackingRun; readonly leases: readonly Lease[] };

/**
 * Asks for a job that goes on with each training whose job was lost, once. Asking again before plan has recorded it is a replay. Gives a
 * sentence for each.
 *
 * Its leases lie in MLflow, where trainings may write. Whoever changes one can keep a training from being taken up, or have one of their
 * own taken up that is not lost: the ledger bounds how often, and the attempt before stops.
 */
export async function takeUpTrainings(
  monitoring: Monitoring,
  state: LedgerState,
  askFor: AskFor,
): Promise<readonly string[]> {
  const told: string[] = [];
  for (const training of openTrainings(state)) {
    const { correlationId, resumed } = training;
    const round = (resumed?.round ?? 0) + 1;
    if (round > MOST_ROUNDS) continue;
    const lost = await findLost(monitoring, training);
    if (lost === undefined) continue;
    const digest = createHash('sha256').update(correlationId).digest('hex').slice(0, DIGEST_LENGTH);
    const id = `resume-${round}-${digest}`;
    const asked = await askFor(DISPATCH_TYPES.retrain, { id, body: { resume: correlationId, round } });
    if (asked === undefined) continue;
    told.push(
      `Asked for a job that goes on with the training ${correlationId}: run ${lost.run.runId} was lost.`,
    );
  }
  return told;
}

/**
 * The run of an open training, or of the search before it, whose holders were all heard of too long ago; `undefined` where one may be at
 * work, or nothing is known.
 */
export async function findLost(
  monitoring: Monitoring,
  training: Training,
): Promise<LostTraining | undefined> {
  const { nonce, operation } = training;
  if (nonce === undefined) return undefined;
  const seal = createSeal(nonce);
  const searches = operation === 'tune' ? await findRunsOf(monitoring, training, 'search') : [];
  const held = [...(await findRunsOf(monitoring, training, 'train')), ...searches]
    .map((run) => ({ run, leases: readLeases(run.tags, run.runId, seal) }))
    .filter(({ leases }) => leases.length > 0);
  const leases = held.flatMap((one) => one.leases);
  if (secondsUntilLost(leases, monitoring.ports.clock.now(), LEASE_TIMES) > 0) return undefined;
  return held.find(({ run }) => run.status === 'RUNNING');
}
