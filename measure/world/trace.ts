import type { Scheduler } from './scheduler.ts';

/** What happened, a line each, for people. */
export type Trace = {
  readonly say: (who: string, what: string) => void;
  readonly lines: () => readonly string[];
  /** Calls `hear` once, when somebody says what matches. */
  readonly await: (pattern: RegExp, hear: () => void) => void;
};

/** A trace on the world's time. */
export function createTrace(time: Pick<Scheduler, 'elapsed'>): Trace {
  const lines: string[] = [];
  const waiting: { readonly pattern: RegExp; readonly hear: () => void }[] = [];
  return {
    say: (who, what) => {
      for (let index = waiting.length - 1; index >= 0; index -= 1) {
        if (waiting[index]?.pattern.test(what) === true) waiting.splice(index, 1)[0]?.hear();
      }
      lines.push(`${(time.elapsed() / 1_000).toFixed(1).padStart(7)} s  ${who.padEnd(12)} ${what}`);
    },
    lines: () => lines,
    await: (pattern, hear) => {
      waiting.push({ pattern, hear });
    },
  };
}
