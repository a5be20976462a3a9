/** Workers whose last count is remembered after their file is gone. */
const MAX_GONE = 256;

/** What workers have counted, by worker, which is named as its file is. */
export type WorkerCounts = Readonly<Record<string, number>>;

/** What workers have counted since: by worker, for the sum falls when a file is dropped. A new worker counts from 0. */
export function countNew(before: WorkerCounts, now: WorkerCounts): number {
  return Object.entries(now).reduce(
    (sum, [worker, counted]) => sum + Math.max(0, counted - (before[worker] ?? 0)),
    0,
  );
}

/** The counts to go on from: also those of workers whose file is gone, for an idle one writes its file again, and goes on where it was. */
export function goOnFrom(before: WorkerCounts, now: WorkerCounts): WorkerCounts {
  const gone = Object.entries(before).filter(([worker]) => now[worker] === undefined);
  return { ...now, ...Object.fromEntries(gone.slice(0, MAX_GONE)) };
}
