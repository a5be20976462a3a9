import { secondsBetween } from '../../../core/instant.ts';
import type { TrackingRun } from '../../../core/ports.ts';
import { LEASE_TIMES, readLeases } from '../../../core/training/lease.ts';
import type { TrainPorts } from '../train-context.ts';

/** Hears the run as it is now, or that it could not be read; tells whether its job has been silent for too long. */
export type SilenceCheck = (run: TrackingRun | undefined) => boolean;

/** Listens to the job that holds a search, by the clock of this host: that of the other one may be hours apart. */
export function listenTo({ clock, seal }: Pick<TrainPorts, 'clock' | 'seal'>): SilenceCheck {
  let heard = clock.now();
  let last = '';
  return (run) => {
    const now = clock.now();
    const said = run === undefined ? last : JSON.stringify(readLeases(run.tags, run.runId, seal));
    if (run === undefined || said !== last) heard = now;
    last = said;
    return secondsBetween(heard, now) >= LEASE_TIMES.lost;
  };
}
