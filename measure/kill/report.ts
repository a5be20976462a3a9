import type { Counts } from '../counts.ts';
import { describeManner, KINDS, type Manner } from './moment.ts';
import type { Played } from './play-rollout.ts';
import type { LaneResult, MomentResult } from './run-lane.ts';

/** How long an undisturbed rollout takes, and where it leads. */
export function formatUndisturbed(manner: Manner, { lengthMs, endState }: Played): string {
  return `undisturbed, ${describeManner(manner)}: ${seconds(lengthMs)} → ${JSON.stringify(endState)}`;
}

/** One line per moment, and one for each thing that was wrong. */
export function formatMoment(result: MomentResult, place: string): string {
  const { moment, afterMs, phase, reruns, failedRequests, problems } = result;
  const parts = [
    `moment ${moment.index} (${place})`,
    moment.kind.padEnd(23),
    describeManner(moment).padEnd(24),
    `${seconds(afterMs).padStart(6)} in, ${phase}`.padEnd(24),
    problems.length === 0 ? 'as undisturbed' : 'NOT as undisturbed',
    `${result.seconds.toFixed(1)} s`,
    ...(reruns > 0 ? [`deploy run again ${reruns}×`] : []),
    ...(failedRequests.length > 0 ? [`${failedRequests.length} requests failed`] : []),
  ];
  return [parts.join(' · '), ...problems.map((problem) => `    ${problem}`)].join('\n');
}

/** The figures per kind, then those of the whole run. */
export function formatSummary(lanes: readonly LaneResult[], seed: string): string {
  const results = lanes.flatMap((lane) => lane.results);
  const rows = KINDS.map((kind) => {
    const ofKind = results.filter(({ moment }) => moment.kind === kind);
    const asExpected = ofKind.filter(({ problems }) => problems.length === 0).length;
    const failed = ofKind.reduce((sum, { failedRequests }) => sum + failedRequests.length, 0);
    const again = ofKind.filter(({ reruns }) => reruns > 0).length;
    return `${kind.padEnd(24)} ${asExpected} of ${ofKind.length} as undisturbed, ${failed} requests failed, deploy run again in ${again}`;
  });
  const total = (figure: (lane: LaneResult) => number) => lanes.reduce((sum, lane) => sum + figure(lane), 0);
  const reports = total((lane) => lane.reports);
  const deliveries = total((lane) => lane.deliveries);
  return [
    `seed ${seed}`,
    ...rows,
    `${total((lane) => lane.requests)} requests; ${reports} reports stored, ${deliveries} deliveries`,
    ...lanes.flatMap(({ problems }) => problems),
  ].join('\n');
}

/** Moments that ended as undisturbed, and those that did not; what was found after the last one fails once per lane. */
export function countMoments(lanes: readonly LaneResult[]): Counts {
  const isWrong = ({ problems }: { readonly problems: readonly string[] }) => problems.length > 0;
  const results = lanes.flatMap((lane) => lane.results);
  const wrong = results.filter(isWrong).length;
  return { passed: results.length - wrong, failed: wrong + lanes.filter(isWrong).length, skipped: 0 };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(2)} s`;
}
