import { secondsBetween } from '../../core/instant.ts';
import type { Brake } from '../../core/serving/api.ts';
import { isForHarm } from '../../core/serving/brakes/harm-brake.ts';
import type { AgentContext } from '../context.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';
import { reportBrake } from './record-brake.ts';

/** The first reminder comes so long after the brake, and each of the others after twice as long as the one before, in s. */
const FIRST_SECONDS = 120;
const LONGEST_SECONDS = 86_400;

/**
 * Reports a brake for harm once more while no job has set the traffic anew: the report may have arrived, and the job that it started have
 * failed. The other hosts serve the version until one has heard. Lost contact is no harm: that a job goes on may need approval, which
 * nobody gives sooner for being asked twice.
 */
export function remindOfBrake(
  context: AgentContext,
  { model, stored, brake }: { readonly model: string; readonly stored: StoredTraffic; readonly brake: Brake },
): void {
  if (!isForHarm(brake)) return;
  const { store, clock } = context;
  const { times, at } = stored.reminded ?? { times: 0, at: brake.at };
  if (secondsBetween(at, clock.now()) < Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** times)) return;
  const reminded = { times: times + 1, at: clock.now() };
  store.transaction(() => {
    store.putTraffic(model, { ...stored, reminded });
    reportBrake(context, { model, traffic: stored.traffic, brake, times: reminded.times });
  });
}
