import { type Instant, secondsBetween } from '../../core/instant.ts';
import type { Clock, Log, Tracking } from '../../core/ports.ts';
import { describeProgress } from '../../core/search/describe-progress.ts';
import { progressTag } from '../../core/search/progress-tag.ts';
import type { SearchProgress } from '../../core/search/search-result.ts';

/** How often at most the run of a search is told how far it is, in s. */
const TELL_SECONDS = 30;
/** The most that it is told: values of parameters may be long. */
const MOST_SAID = 2_000;

type ProgressPorts = {
  readonly tracking: Pick<Tracking, 'setRunTags'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'info'>;
  readonly seal: (facts: readonly string[]) => string;
};

/**
 * Says in the log how far a search is, and now and then on its run, where monitor-check finds it: this job runs the user's code, and may
 * write no comment.
 */
export function tellProgress(
  { tracking, clock, log, seal }: ProgressPorts,
  { runId, metric }: { readonly runId: string; readonly metric: string },
): (progress: SearchProgress) => void {
  let last: Instant | undefined;
  return (progress) => {
    const said = describeProgress(progress, metric);
    log.info(said);
    const at = clock.now();
    if (last !== undefined && secondsBetween(last, at) < TELL_SECONDS) return;
    last = at;
    // It is for readers: a server that does not answer now ends no search.
    void tracking
      .setRunTags(runId, progressTag({ said: said.slice(0, MOST_SAID), at }, runId, seal))
      .catch(() => undefined);
  };
}
