import { DEFAULT_DRIFT_OPTIONS, type DriftOptions } from '../../core/drift/drift-options.ts';
import { judgeDrift } from '../../core/drift/judge-drift.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { quietLabelRows, simulateEstimate, simulateLabels } from './accuracy.ts';
import { hasDriftedByEvidently } from './anchors/evidently.ts';
import { fitNannyml } from './anchors/nannyml.ts';
import { makeDraws } from './draws.ts';
import { type DayKind, drawDay, drawProfile, FEATURES, shiftOf } from './drifting-data.ts';
import { fastLaneRows } from './fast-lane.ts';
import { flightRows } from './flights/flights.ts';
import { drawsAt, medianOf, type SimulationOptions, type SimulationRow } from './simulation-row.ts';
import { togetherRows } from './together/together.ts';

const DAYS_PER_MONTH = 30;
const REFERENCE_ROWS_PER_DAY = 1000;

/** Shifts that nobody mends: their indices, how usual days wander, in sd, and how long each is looked at, in days. */
const UNMENDED_INDICES = [0.25, 1] as const;
const UNMENDED_WOBBLE = 0.05;
const UNMENDED_DAYS = 40;

/** The promises of drift detection and of accuracy without and with labels: rows 8 to 12, 24 to 27, and 32. */
export function driftRows(options: SimulationOptions): SimulationRow[] {
  return [
    quietMonths(options),
    ...[0.05, 0.1, 0.2].map((wobble) => wobblingMonths(wobble, options)),
    ...[
      { index: 0.1, wobble: 0, most: 2 },
      { index: 0.25, wobble: 0, most: 1 },
      { index: 0.1, wobble: 0.1, most: 4 },
      { index: 0.25, wobble: 0.1, most: 2 },
    ].map((shift) => delay(shift, options)),
    ...[1, 7, 20].map((day) => unmended(day, options)),
    ...fastLaneRows(options),
    simulateEstimate(options),
    simulateLabels(options),
    ...quietLabelRows(options),
    ...flightRows(),
    ...togetherRows(options),
  ];
}

/** Row 8: false alarms a month while nothing changes. */
function quietMonths({ scale, seed }: SimulationOptions): SimulationRow {
  const months = drawsAt(300, scale, 20);
  const draws = makeDraws(`${seed}|quiet`);
  const perMonth = countAlarms(months, () => ({
    profile: drawProfile(draws, REFERENCE_ROWS_PER_DAY, 0),
    days: drawMonth(draws, { rows: 1000, wobble: 0, shift: 0 }),
  }));
  return {
    row: 8,
    quantity: 'drift: false alarms a month, 20 histograms, 1,000 rows a day, nothing changes',
    anchors: quietAnchors({ scale, seed }),
    target: '≤ 0.1',
    observed: `${perMonth.toFixed(3)} (${months} months)`,
    met: perMonth <= 0.1,
  };
}

/** Row 9: the same while each day's mean wanders. */
function wobblingMonths(wobble: number, { scale, seed }: SimulationOptions): SimulationRow {
  const months = drawsAt(100, scale, 20);
  const draws = makeDraws(`${seed}|wobble|${wobble}`);
  const drawOne = () => ({
    profile: drawProfile(draws, REFERENCE_ROWS_PER_DAY, wobble),
    days: drawMonth(draws, { rows: 5000, wobble, shift: 0 }),
  });
  const perMonth = countAlarms(months, drawOne);
  const withoutBlocks = countAlarms(Math.max(5, Math.round(months / 10)), () => {
    const { profile, days } = drawOne();
    return { profile: dropBlocks(profile), days };
  });
  return {
    row: 9,
    quantity: `drift: false alarms a month, days wander by ${wobble} sd, 5,000 rows a day`,
    anchors: [{ name: 'tolerance alone', value: withoutBlocks.toFixed(1) }],
    target: '≤ 0.3 (28 days of reference)',
    observed: `${perMonth.toFixed(2)} (${months} months)`,
    met: perMonth <= 0.3,
  };
}

/** Row 10: days until a shift of this index is found. */
function delay(
  { index, wobble, most }: { readonly index: number; readonly wobble: number; readonly most: number },
  { scale, seed }: SimulationOptions,
): SimulationRow {
  const runs = drawsAt(100, scale, 20);
  const draws = makeDraws(`${seed}|delay|${index}|${wobble}`);
  const shift = shiftOf(index);
  const delays = Array.from({ length: runs }, () => {
    const profile = drawProfile(draws, REFERENCE_ROWS_PER_DAY, wobble);
    const quiet = drawDays(draws, { from: 0, count: 7 }, { rows: 1000, wobble, shift: 0 });
    const moved = drawDays(draws, { from: 7, count: 23 }, { rows: 1000, wobble, shift });
    return firstAlarm(profile, [...quiet, ...moved], 7);
  });
  const median = medianOf(delays);
  return {
    row: 10,
    quantity: `drift: days to find an index of ${index} at 1,000 rows a day, ${wobble === 0 ? 'no wobble' : `wobble ${wobble} sd`}`,
    anchors: [],
    target: `median ≤ ${most}`,
    observed: `median ${median} (${runs} runs)`,
    met: median <= most,
  };
}

/** Row 24: shifts that begin on this day and that nobody mends, of a profile without days. */
function unmended(day: number, { scale, seed }: SimulationOptions): SimulationRow {
  const runs = drawsAt(60, scale, 10);
  const draws = makeDraws(`${seed}|unmended|${day}`);
  const quietDays = day - 1;
  const found: number[] = [];
  let untold = 0;
  for (const index of UNMENDED_INDICES) {
    for (let run = 0; run < runs; run += 1) {
      const profile = dropBlocks(drawProfile(draws, REFERENCE_ROWS_PER_DAY, UNMENDED_WOBBLE));
      const kind = { rows: 2000, wobble: UNMENDED_WOBBLE };
      const quiet = drawDays(draws, { from: 0, count: quietDays }, { ...kind, shift: 0 });
      const moved = { ...kind, shift: shiftOf(index) };
      const days = [...quiet, ...drawDays(draws, { from: quietDays, count: UNMENDED_DAYS }, moved)];
      const delay = firstAlarm(profile, days, quietDays);
      found.push(delay);
      const { features } = judgeDrift(profile, days, DEFAULT_DRIFT_OPTIONS);
      if (features.find(({ name }) => name === 'f0')?.verdict !== 'fail') untold += 1;
    }
  }
  const median = medianOf(found);
  const total = found.length;
  return {
    row: 24,
    quantity: `drift, 2,000 rows a day that wander by ${UNMENDED_WOBBLE} sd, no days in the profile: an index of ${UNMENDED_INDICES.join(' or ')} from day ${day} on`,
    anchors: [],
    target: `median ≤ 2 days to find; still told ${UNMENDED_DAYS} days later, always`,
    observed: `median ${median}; told in ${total - untold} of ${total}`,
    met: median <= 2 && untold === 0,
  };
}

/** Days after the `quiet` ones until the first feature alarms. */
function firstAlarm(profile: ReferenceProfile, days: readonly CaptureWindow[], quiet: number): number {
  for (let count = quiet + 1; count <= days.length; count += 1) {
    const { features } = judgeDrift(profile, days.slice(0, count), DEFAULT_DRIFT_OPTIONS);
    if (features.find(({ name }) => name === 'f0')?.alarm !== undefined) return count - quiet;
  }
  return Number.POSITIVE_INFINITY;
}

/** Alarms raised per month, of whatever severity: every start of a standing alarm counts. */
function countAlarms(
  months: number,
  drawOne: () => { readonly profile: ReferenceProfile; readonly days: readonly CaptureWindow[] },
): number {
  let alarms = 0;
  for (let month = 0; month < months; month += 1) {
    const { profile, days } = drawOne();
    const options: DriftOptions = { ...DEFAULT_DRIFT_OPTIONS, warmUpBatches: 0 };
    const { features } = judgeDrift(profile, days, options);
    alarms += features.reduce((sum, feature) => sum + feature.alarms, 0);
  }
  return alarms / months;
}

/** What NannyML's and Evidently's defaults make of raw values of one column, for 20 columns and a month of days. */
function quietAnchors({ scale, seed }: SimulationOptions): SimulationRow['anchors'] {
  const columns = drawsAt(60, scale, 10);
  const draws = makeDraws(`${seed}|quiet-anchors`);
  const sample = (rows: number) => Array.from({ length: rows }, draws.normal);
  const perMonth = (hasAlarm: () => boolean, days: number) => {
    let alarms = 0;
    for (let day = 0; day < days; day += 1) if (hasAlarm()) alarms += 1;
    return (alarms / days) * DAYS_PER_MONTH * FEATURES;
  };
  const nannyml = Array.from({ length: columns }, () => {
    const judge = fitNannyml(sample(5000));
    return perMonth(() => judge(sample(500)), 20);
  });
  const reference = sample(5000).sort((a, b) => a - b);
  const evidently = (rows: number) =>
    perMonth(() => hasDriftedByEvidently(reference, sample(rows)), 5 * columns).toFixed(0);
  const mean = nannyml.reduce((sum, value) => sum + value, 0) / columns;
  return [
    { name: 'NannyML (Jensen-Shannon, 10 chunks of 500)', value: mean.toFixed(0) },
    { name: 'Evidently (Wasserstein, 50 rows)', value: evidently(50) },
    { name: 'Evidently (Wasserstein, 500 rows)', value: evidently(500) },
  ];
}

function drawMonth(draws: ReturnType<typeof makeDraws>, kind: DayKind): readonly CaptureWindow[] {
  return drawDays(draws, { from: 0, count: DAYS_PER_MONTH }, kind);
}

function drawDays(
  draws: ReturnType<typeof makeDraws>,
  { from, count }: { readonly from: number; readonly count: number },
  kind: DayKind,
): readonly CaptureWindow[] {
  return Array.from({ length: count }, (_, day) => drawDay(draws, from + day, kind));
}

function dropBlocks(profile: ReferenceProfile): ReferenceProfile {
  return {
    ...profile,
    features: profile.features.map(({ blocks, ...feature }) => feature),
    prediction: { ...profile.prediction, blocks: [] },
  };
}
