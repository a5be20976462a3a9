import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../core/drift/fast-lane.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { type Draws, makeDraws } from './draws.ts';
import { simulatedProfile, simulatedWindow } from './simulated-model.ts';
import { drawsAt, keepsPromise, type SimulationOptions, type SimulationRow } from './simulation-row.ts';

const HOURS = 7 * 24;
const ROWS_PER_HOUR = 2_000;
const HOUR_MS = 3_600_000;
const MISSING_SHARE = 0.02;
const NUMBERS = 20;
/** Values of the long-tailed column, of which the k-th is 1/k as frequent as the first. */
const VALUES = 3_000;
const MOST = 0.02;
const FULL_DRAWS = 1_000;

type Reference = { readonly rows: number; readonly kind: 'numbers' | 'categories' };

/** Row 25: deployments with any alarm of the fast lane in a week in which live rows are drawn as those of the reference were. */
export function fastLaneRows({ scale, seed }: SimulationOptions): SimulationRow[] {
  const cells: readonly Reference[] = [
    { rows: 300, kind: 'numbers' },
    { rows: 1_000, kind: 'numbers' },
    { rows: 300, kind: 'categories' },
    { rows: 1_000, kind: 'categories' },
    { rows: 10_000, kind: 'categories' },
  ];
  return cells.map((cell) => {
    const deployments = drawsAt(FULL_DRAWS, scale, 50);
    const draws = makeDraws(`${seed}|fast-lane|${cell.kind}|${cell.rows}`);
    let alarmed = 0;
    for (let index = 0; index < deployments; index += 1)
      if (
        hasAlarm(cell.kind === 'numbers' ? drawNumbers(draws, cell.rows) : drawCategories(draws, cell.rows))
      )
        alarmed += 1;
    const columns =
      cell.kind === 'numbers'
        ? `${NUMBERS} columns of numbers, ${100 * MISSING_SHARE} % missing`
        : `one column of ${VALUES} categories, the k-th 1/k as frequent`;
    return {
      row: 25,
      quantity: `fast lane: any alarm in a week of ${ROWS_PER_HOUR} rows an hour, nothing changes; ${columns}, reference of ${cell.rows} rows`,
      anchors: [],
      target: `≤ ${100 * MOST}% of deployments`,
      observed: `${((100 * alarmed) / deployments).toFixed(1)}% of ${deployments}`,
      met: keepsPromise(alarmed, deployments, { most: MOST, fullDraws: FULL_DRAWS }),
    };
  });
}

type Deployment = { readonly profile: ReferenceProfile; readonly windows: readonly CaptureWindow[] };

function hasAlarm({ profile, windows }: Deployment): boolean {
  // An alarm stands until its rate is back: it is looked for after every day, as people look.
  for (let hours = 24; hours <= windows.length; hours += 24)
    if (judgeFastLane(profile, windows.slice(0, hours), DEFAULT_FAST_LANE_OPTIONS).verdict === 'fail')
      return true;
  return false;
}

/** What lies outside the range of so many draws is the share below the lowest and above the highest of them. */
function drawNumbers(draws: Draws, rows: number): Deployment {
  const columns = Array.from({ length: NUMBERS }, (_, column) => {
    const missing = draws.binomial(rows, MISSING_SHARE);
    const present = Array.from({ length: rows - missing }, draws.uniform);
    const [lowest, highest] = [Math.min(...present), Math.max(...present)];
    const feature = {
      name: `f${column}`,
      kind: 'numeric' as const,
      edges: [],
      counts: [present.length],
      missing,
    };
    return { feature, lowest, highest };
  });
  const windows = drawHours(() =>
    Object.fromEntries(
      columns.map(({ feature, lowest, highest }) => {
        const missing = draws.binomial(ROWS_PER_HOUR, MISSING_SHARE);
        const below = draws.binomial(ROWS_PER_HOUR - missing, lowest);
        const above = draws.binomial(ROWS_PER_HOUR - missing, 1 - highest);
        return [feature.name, { counts: [ROWS_PER_HOUR - missing], missing, below, above, unseen: 0 }];
      }),
    ),
  );
  return {
    profile: profileOf(
      rows,
      columns.map(({ feature }) => feature),
    ),
    windows,
  };
}

function drawCategories(draws: Draws, rows: number): Deployment {
  const weights = Array.from({ length: VALUES }, (_, rank) => 1 / (rank + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map((weight) => weight / total);
  const counts = draws.multinomial(rows, shares);
  const unseenShare = shares.reduce((sum, share, value) => sum + (counts[value] === 0 ? share : 0), 0);
  const feature = {
    name: 'f0',
    kind: 'categorical' as const,
    categories: [],
    rare: [],
    counts: [rows, 0],
    missing: 0,
    once: counts.filter((count) => count === 1).length,
  };
  const windows = drawHours(() => {
    const unseen = draws.binomial(ROWS_PER_HOUR, unseenShare);
    return { f0: { counts: [ROWS_PER_HOUR - unseen, unseen], missing: 0, below: 0, above: 0, unseen } };
  });
  return { profile: profileOf(rows, [feature]), windows };
}

function profileOf(rows: number, features: ReferenceProfile['features']): ReferenceProfile {
  const prediction = { kind: 'classes' as const, classes: ['no', 'yes'], counts: [rows / 2, rows / 2] };
  return simulatedProfile({ rows, features, prediction });
}

function drawHours(drawFeatures: () => CaptureWindow['features']): readonly CaptureWindow[] {
  const prediction = { counts: [ROWS_PER_HOUR / 2, ROWS_PER_HOUR / 2] };
  return Array.from({ length: HOURS }, (_, hour) =>
    simulatedWindow(hour, HOUR_MS, { n: ROWS_PER_HOUR, features: drawFeatures(), prediction }),
  );
}
