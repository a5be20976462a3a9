import type { Counts } from '../test/counts.ts';
import { KINDS } from './moment.ts';
import type { LaneResult, MomentResult, Undisturbed } from './run-lane.ts';

/** How long undisturbed rollouts take, and where they lead. */
export function formatUndisturbed({ good, bad }: Undisturbed): string {
  const lines = Object.entries({ good, bad }).map(
    ([candidate, { lengthMs, endState }]) =>
      `undisturbed, ${candidate} candidate: ${seconds(lengthMs)} → ${JSON.stringify(endState)}`,
  );
  return lines.join('\n');
}

/** One line per moment, and one for each thing that was wrong. */
export function formatMoment(result: MomentResult, place: string): string {
  const { moment, afterMs, phase, attempts, failedRequests, problems } = result;
  const parts = [
    `moment ${moment.index} (${place})`,
    moment.kind.padEnd(23),
    `${moment.candidate.padEnd(4)} candidate`,
    `${seconds(afterMs).padStart(6)} in, ${phase}`.padEnd(24),
    problems.length === 0 ? 'as undisturbed' : 'NOT as undisturbed',
    `${result.seconds.toFixed(1)} s`,
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
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
    const again = ofKind.filter(({ attempts }) => attempts > 1).length;
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
