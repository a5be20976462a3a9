import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Size } from '../size.ts';
import { predictSteadily } from './client.ts';

/** As long as the agent takes from one look at the traffic to the next while nothing is on trial. */
const SECONDS = { full: 60, tiny: 1 } as const;
const PER_SECOND = 50;

/** What an agent costs: memory in bytes after the load; CPU of its ticks, and of predictions on top of them. */
export type Footprint = {
  readonly residentBytes: number;
  /** CPU in ms per second without a single request: what the ticks cost. */
  readonly restingCpu: number;
  /** CPU in ms per second under load. */
  readonly loadedCpu: number;
  /** CPU in ms per 1,000 predictions at this load, ticks included. */
  readonly cpuPerThousand: number;
  /** The same, of the predictions alone: what is left when the ticks are taken off. */
  readonly addedPerThousand: number;
  readonly perSecond: number;
};

/** Looks at the process from outside, since to ask it would cost it something: a minute at rest, a minute under a steady load. */
export async function measureFootprint(pid: number, url: string, size: Size): Promise<Footprint> {
  const seconds = SECONDS[size];
  const restingCpu = await cpuPerSecond(pid, () => sleep(seconds * 1_000));
  let answered = 0;
  const loadedCpu = await cpuPerSecond(pid, async () => {
    answered = await predictSteadily(url, PER_SECOND, seconds);
  });
  const perSecond = answered / seconds;
  return {
    residentBytes: residentBytes(pid),
    restingCpu,
    loadedCpu,
    cpuPerThousand: (loadedCpu / perSecond) * 1_000,
    addedPerThousand: ((loadedCpu - restingCpu) / perSecond) * 1_000,
    perSecond,
  };
}

/** Processor time in ms that a process took for each second of some work. */
export async function cpuPerSecond(pid: number, work: () => Promise<unknown>): Promise<number> {
  const [before, startedAt] = [cpuMs(pid), performance.now()];
  await work();
  return (cpuMs(pid) - before) / ((performance.now() - startedAt) / 1_000);
}

/** Time on a processor of all threads of a process, in ms: `schedstat` counts nanoseconds, `stat` only hundredths of a second. */
export function cpuMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce(
    (sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    0,
  );
}

/** What of a process is in memory, in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

/** The command line of a process, its arguments parted by spaces; empty where it has ended. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
