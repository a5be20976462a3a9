import { type Instant, secondsBetween, toInstant } from '../../../core/instant.ts';
import { TAGS } from '../../../core/names.ts';
import type { TrackingRun } from '../../../core/ports.ts';
import type { TrainPorts, TrainRequest } from '../train-context.ts';

/** How often the job of a search says that it lives, in ms. */
const BEAT_MS = 60_000;
/** A job that has said nothing for so long is lost, in s. */
export const SILENT_SECONDS = 900;

type Asked = Pick<TrainRequest, 'plan'>;

/** Says on the run of a search, again and again, that its job lives. Gives what ends that. */
export function startBeating(
  request: Asked,
  { tracking, clock, seal }: Pick<TrainPorts, 'tracking' | 'clock' | 'seal'>,
  runId: string,
): () => void {
  const ending = new AbortController();
  const keep = async () => {
    while (!ending.signal.aborted) {
      const at = clock.now();
      const tag = { [TAGS.heartbeat]: `${at} ${sealBeat(request, { seal }, runId, at)}` };
      // A server that does not answer now ends no search.
      await tracking.setRunTags(runId, tag).catch(() => undefined);
      await clock.wait(BEAT_MS, ending.signal).catch(() => undefined);
    }
  };
  void keep();
  return () => ending.abort();
}

/** Hears the run as it is now, or that it could not be read; tells whether its job has been silent for too long. */
export type SilenceCheck = (run: TrackingRun | undefined) => boolean;

/** Listens to the job of a search, by the clock of this host: that of the other one may be hours apart. */
export function listenTo(request: Asked, ports: Pick<TrainPorts, 'clock' | 'seal'>): SilenceCheck {
  let heard = ports.clock.now();
  let last: Instant | undefined;
  return (run) => {
    const now = ports.clock.now();
    const at = run && readBeat(request, ports, run);
    const isNew = at !== undefined && (last === undefined || secondsBetween(last, at) > 0);
    if (isNew) last = at;
    if (isNew || run === undefined) heard = now;
    return secondsBetween(heard, now) >= SILENT_SECONDS;
  };
}

function readBeat(
  request: Asked,
  ports: Pick<TrainPorts, 'seal'>,
  { runId, tags }: Pick<TrackingRun, 'runId' | 'tags'>,
): Instant | undefined {
  const [at = '', sealed] = (tags[TAGS.heartbeat] ?? '').split(' ');
  return sealed === sealBeat(request, ports, runId, at) ? toInstant(Date.parse(at)) : undefined;
}

function sealBeat({ plan }: Asked, { seal }: Pick<TrainPorts, 'seal'>, runId: string, at: string): string {
  return seal(['searching', plan.correlationId, plan.sha, runId, at]);
}
