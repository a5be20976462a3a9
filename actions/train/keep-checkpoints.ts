import { messageOf } from '../../core/errors.ts';
import type { HeldLease } from './hold-lease.ts';
import type { TrainPorts } from './train-context.ts';

/**
 * Keeps the checkpoints that a script writes while it runs, as long as this attempt holds the training. `stop` keeps the last one: the
 * script has ended by then.
 */
export function keepCheckpoints(
  { checkpoints, clock, log }: Pick<TrainPorts, 'checkpoints' | 'clock' | 'log'>,
  { runId, everySeconds }: { readonly runId: string; readonly everySeconds: number },
  held: Pick<HeldLease, 'isLost' | 'require'>,
): { readonly stop: () => Promise<void> } {
  const ending = new AbortController();
  let told = '';
  const keep = async (isLast: boolean) => {
    if (held.isLost()) return;
    // A checkpoint that can't be kept now must not end the training; the next one may.
    await checkpoints.keep(runId, { isLast, require: held.require }).catch((thrown: unknown) => {
      const why = messageOf(thrown);
      if (why !== told) log.warn(`The checkpoint could not be kept with the run: ${why}`);
      told = why;
    });
  };
  const loop = async () => {
    while (!ending.signal.aborted) {
      await clock.wait(everySeconds * 1_000, ending.signal).catch(() => undefined);
      if (!ending.signal.aborted) await keep(false);
    }
  };
  const done = loop();
  return {
    stop: async () => {
      ending.abort();
      await done;
      await keep(true);
    },
  };
}
