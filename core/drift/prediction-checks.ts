import { epochMs, toInstant } from '../instant.ts';
import { formatCount, formatDuration } from '../report/format-number.ts';
import type { Reason } from '../verdict.ts';
import { listJudged, PREDICTION } from './judged-feature.ts';
import type { ReferenceProfile } from './profile.ts';
import type { CaptureWindow } from './window.ts';

/** Something wrong now that no day needs to pass for; `since` is the start of the check that raised the alarm. */
export type FastFinding = Reason & { readonly since: string };

const CONSTANT_OVER_ROWS = 200;
const NEARLY_CONSTANT = 0.95;
const ZERO_TRAFFIC_SECONDS = 3600;

/**
 * A finding when the last 200 or more predictions all fell in one bin, and the reference's did not. `since` is the first window from
 * which on they do.
 */
export function findConstantPrediction(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
): FastFinding | undefined {
  const judged = listJudged(profile).find(({ kind }) => kind === PREDICTION);
  if (judged === undefined || largestShare(judged.reference) > NEARLY_CONSTANT) return undefined;
  const { bin, rows, since } = followOneBin(windows, judged.reference.length);
  if (bin === undefined || rows < CONSTANT_OVER_ROWS) return undefined;
  return {
    code: 'constant-prediction',
    metric: PREDICTION,
    message: `The last ${formatCount(rows)} predictions were all \`${judged.binNames[bin] ?? ''}\`; on the reference they were not.`,
    observed: 1,
    limit: NEARLY_CONSTANT,
    sampleSize: rows,
    since,
  };
}

/** From the newest window back, for as long as all predictions fall in the same bin. */
function followOneBin(
  windows: readonly CaptureWindow[],
  bins: number,
): { readonly bin: number | undefined; readonly rows: number; readonly since: string } {
  let bin: number | undefined;
  let rows = 0;
  let since = '';
  for (const { prediction, from } of windows.toReversed()) {
    const { counts } = prediction;
    const seen = counts.reduce((sum, count) => sum + count, 0);
    if (counts.length !== bins || seen === 0) continue;
    const only = counts.indexOf(seen);
    if (only < 0 || (bin !== undefined && only !== bin)) break;
    bin = only;
    rows += seen;
    since = from;
  }
  return { bin, rows, since };
}

/**
 * A finding when the windows of the last hour, up to `until`, hold no prediction at all, and earlier ones did: nobody asked, or all who
 * asked were refused.
 */
export function findSilence(
  windows: readonly CaptureWindow[],
  until: string | undefined,
): FastFinding | undefined {
  const busy = windows.filter(({ n }) => n > 0).map(({ to }) => epochMs(to));
  const end = Math.max(...(until === undefined ? windows.map(({ to }) => epochMs(to)) : [epochMs(until)]));
  const last = Math.max(...busy);
  const seconds = (end - last) / 1000;
  if (!Number.isFinite(seconds) || seconds < ZERO_TRAFFIC_SECONDS) return undefined;
  const refused = windows
    .filter(({ from }) => epochMs(from) >= last)
    .reduce((sum, window) => sum + window.refused, 0);
  const silence = { metric: 'requests', observed: 0, sampleSize: refused, since: toInstant(last) };
  const during = `in the last ${formatDuration(seconds)}`;
  if (refused === 0) {
    return { ...silence, code: 'zero-traffic', message: `No prediction was asked for ${during}.` };
  }
  const message =
    `All ${formatCount(refused)} requests ${during} were refused, and none was answered. ` +
    "Compare what clients send with the model's signature.";
  return { ...silence, code: 'only-refused', message };
}

function largestShare(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total === 0 ? 0 : Math.max(...counts) / total;
}
