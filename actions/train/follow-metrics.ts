import type { Clock, Log, Tracking } from '../../core/ports.ts';

/** How often a running training is asked for its metrics, in ms. */
const POLL_MS = 5_000;

/** Prints the metrics a run logs while it runs, each when it changes. `stop` prints the last ones and ends it. */
export function followMetrics(
  { tracking, clock, log }: { readonly tracking: Tracking; readonly clock: Clock; readonly log: Log },
  runId: string,
): { readonly stop: () => Promise<void> } {
  const ending = new AbortController();
  let shown: Readonly<Record<string, number>> = {};
  const print = async () => {
    const { metrics } = await tracking.getRun(runId);
    const changed = Object.entries(metrics).filter(([name, value]) => !Object.is(shown[name], value));
    if (changed.length > 0) {
      log.info(changed.map(([name, value]) => `${name} ${Number(value.toPrecision(5))}`).join(' · '));
    }
    shown = metrics;
  };
  const loop = async () => {
    while (!ending.signal.aborted) {
      await clock.wait(POLL_MS, ending.signal).catch(() => undefined);
      // Metrics are for the reader; a server that does not answer now must not end the training.
      await print().catch(() => undefined);
    }
  };
  const done = loop();
  return {
    stop: async () => {
      ending.abort();
      await done;
    },
  };
}
