type Metrics = Readonly<Record<string, number>>;

/**
 * So much of the metrics is handed on, in bytes of JSON: the operating system starts no program with a variable of more than 128 KiB, and
 * the job that comes next is handed them in one.
 */
const MOST_BYTES = 64 * 1024;

/** The metrics that are handed on to the jobs that judge, and how many are not, for want of room. */
type Fitted = { readonly metrics: Metrics; readonly leftOut: number };

/** As many of the metrics of a run as there is room for: those that rules ask for, then those with the shortest names. */
export function fitMetrics(metrics: Metrics, asked: readonly string[], most = MOST_BYTES): Fitted {
  const rank = (name: string) => (asked.includes(name) ? 0 : name.length);
  const finite = Object.entries(metrics)
    .filter(([, value]) => Number.isFinite(value))
    .toSorted(([left], [right]) => rank(left) - rank(right) || (left < right ? -1 : 1));
  let room = most;
  const fitting = finite.filter(([name, value]) => {
    room -= new TextEncoder().encode(JSON.stringify({ [name]: value })).byteLength;
    return room >= 0;
  });
  return { metrics: Object.fromEntries(fitting), leftOut: finite.length - fitting.length };
}
