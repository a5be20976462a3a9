import { formatDuration } from '../report/format-number.ts';
import { drawSparkline } from '../report/sparkline.ts';
import type { SearchProgress } from './search-result.ts';

/** How far a search is, in one line: trials, the best so far, the values drawn, and how long it still takes. */
export function describeProgress(progress: SearchProgress, metric: string): string {
  const { asked, complete, pruned, running, failed, best, values } = progress;
  const ended = complete + pruned;
  const parts = [
    `${ended} of ${asked} trials${pruned > 0 ? ` (${pruned} pruned)` : ''}`,
    `${running} running`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(best === null
      ? []
      : [`best ${metric} ${showValue(best.value)}: ${describeParameters(best.parameters)}`]),
    ...(values.length < 2 ? [] : [drawValues(values)]),
    ...describeTimeLeft(progress),
  ];
  return parts.join(' · ');
}

/** `lr=0.01 depth=3` */
export function describeParameters(parameters: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${typeof value === 'number' ? showValue(value) : value}`)
    .join(' ');
}

/** Values as bars, the lowest of them the shortest. */
export function drawValues(values: readonly number[]): string {
  const lowest = Math.min(...values);
  const range = Math.max(...values) - lowest;
  return drawSparkline(
    values.map((value) => value - lowest),
    range === 0 ? 1 : range,
  );
}

/** At the pace so far, and no longer than trials may begin. */
function describeTimeLeft({
  asked,
  complete,
  pruned,
  seconds,
  secondsToDeadline,
}: SearchProgress): readonly string[] {
  const ended = complete + pruned;
  if (ended === 0 || ended >= asked) return [];
  const left = (seconds / ended) * (asked - ended);
  if (secondsToDeadline === null || left <= secondsToDeadline) return [`about ${formatDuration(left)} left`];
  return [`no trial begins after the next ${formatDuration(Math.max(0, secondsToDeadline))}`];
}

/** Five significant digits. */
export function showValue(value: number): string {
  return String(Number(value.toPrecision(5)));
}
