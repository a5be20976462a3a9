import { addByHour, type HourCounts, listHours } from '../../serving/hour-counts.ts';
import { quantileEdge } from '../../statistics/latency-buckets.ts';

/** What the proxies of all hosts saw in one hour, and the time within which half of the answers, and 95 of 100, were given, in ms. */
export type HourSums = Pick<HourCounts, 'at' | 'requests' | 'errors' | 'refused'> & {
  readonly median?: number;
  readonly p95?: number;
};

/** The hours of all hosts added up, the oldest first. Of hosts that count in other buckets the times of the first are told. */
export function sumHours(hosts: readonly (readonly HourCounts[])[]): readonly HourSums[] {
  const hours = new Map<string, HourCounts>();
  for (const counts of hosts)
    addByHour(
      hours,
      counts.map(({ at, ...stable }) => ({ at, stable })),
    );
  return listHours(hours).map(describeHour);
}

function describeHour({ latency, ...sums }: HourCounts): HourSums {
  const [median, p95] = [quantileEdge(latency, 0.5), quantileEdge(latency, 0.95)];
  return { ...sums, ...(median !== undefined && { median }), ...(p95 !== undefined && { p95 }) };
}
