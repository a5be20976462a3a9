import type { Scheduler } from './scheduler.ts';

/** What happened, a line each, for people. */
export type Trace = {
  readonly say: (who: string, what: string) => void;
  readonly lines: () => readonly string[];
};

/** A trace on the world's time. */
export function createTrace(time: Pick<Scheduler, 'elapsed'>): Trace {
  const lines: string[] = [];
  return {
    say: (who, what) => {
      lines.push(`${(time.elapsed() / 1_000).toFixed(1).padStart(7)} s  ${who.padEnd(12)} ${what}`);
    },
    lines: () => lines,
  };
}
