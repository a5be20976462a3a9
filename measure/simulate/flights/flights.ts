import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import type { ReferenceProfile } from '../../../core/drift/profile.ts';
import type { CaptureWindow } from '../../../core/drift/window.ts';
import { sumOf } from '../../../core/statistics/sum-of.ts';
import { ALL_KNOWN, simulatedProfile, simulatedWindow } from '../simulated-model.ts';
import { formatMedian, medianOf, type SimulationRow } from '../simulation-row.ts';

const DAYS = join(import.meta.dirname, 'days.csv');
/** What `ask_peers.py` had of other programs for the same flights. */
const PEERS = join(import.meta.dirname, 'peers.json');
const NAMES = { evidently: 'Evidently 0.7.17', nannyml: 'NannyML 0.13.1' } as const;
const peerSchema = z.object({
  alarms: z.object({ anyColumn: z.number(), halfOfThem: z.number() }),
  daysToFind: z.record(z.string(), z.array(z.number().nullable())),
});
const peersSchema = z.object({ evidently: peerSchema, nannyml: peerSchema });
type Peer = z.infer<typeof peerSchema>;
const DAY_MS = 86_400_000;
const REFERENCE_DAYS = 28;
const QUIET_DAYS = 21;
/** A shift begins so many days after the reference ends, and is looked for as long as windows are kept. */
const SHIFT_AFTER = 7;
const SHIFTED_DAYS = 28;
const STARTS: readonly number[] = Array.from({ length: 9 }, (_, index) => 35 * index);
const SHIFTED = 'air_time';
const PREDICTION = 'prediction';

type Counts = readonly number[];
/** What one day holds in the bins of each column. */
type Day = ReadonlyMap<string, Counts>;

/** Row 27: flights from New York in 2013, day after day as they were: false alarms, and days until a shift of one column is found. */
export function flightRows(): SimulationRow[] {
  const days = readDays();
  const peers = peersSchema.parse(JSON.parse(readFileSync(PEERS, 'utf8')));
  const beside = (say: (peer: Peer) => string) =>
    (['evidently', 'nannyml'] as const).map((name) => ({ name: NAMES[name], value: say(peers[name]) }));
  const alarmed = STARTS.reduce((sum, start) => sum + countAlarms(days, start), 0);
  const quiet: SimulationRow = {
    row: 27,
    quantity: `drift, real days (all flights from New York in 2013, 8 columns and whether late): alarms in ${STARTS.length * QUIET_DAYS} days that nobody shifted`,
    anchors: beside(
      ({ alarms }) => `${alarms.anyColumn}, and ${alarms.halfOfThem} where half of the columns have to shift`,
    ),
    target: '≤ 1',
    observed: String(alarmed),
    met: alarmed <= 1,
  };
  const byPeers = (shift: number) => beside(({ daysToFind: found }) => sayDelays(found[shift] ?? []));
  return [quiet, shiftedRow(days, 0.1, { most: 5, byPeers }), shiftedRow(days, 0.25, { most: 3, byPeers })];
}

type Expected = {
  readonly most: number;
  readonly byPeers: (shift: number) => SimulationRow['anchors'];
};

function shiftedRow(days: readonly Day[], shift: number, { most, byPeers }: Expected): SimulationRow {
  const delays = STARTS.map((start) => daysToFind(days, start, `${SHIFTED}+${shift}`));
  const median = medianOf(delays);
  return {
    row: 27,
    quantity: `drift, real days: days to find ${shift} sd more of the time in the air`,
    anchors: byPeers(shift),
    target: `median ≤ ${most}`,
    observed: sayDelays(delays),
    met: median <= most,
  };
}

/** Days until a shift was found, in order; one that never was has none. */
function sayDelays(delays: readonly (number | null)[]): string {
  const known = delays.map((days) => days ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b);
  return `median ${formatMedian(medianOf(known))} (${known.map(formatMedian).join(', ')})`;
}

/** Alarms that begin in the days after the reference. */
function countAlarms(days: readonly Day[], start: number): number {
  const profile = profileOf(days.slice(start, start + REFERENCE_DAYS));
  const live = days.slice(start + REFERENCE_DAYS, start + REFERENCE_DAYS + QUIET_DAYS);
  let alarms = 0;
  let stands = false;
  for (let count = 1; count <= live.length; count += 1) {
    const isAlarmed = judge(profile, live.slice(0, count)).verdict === 'fail';
    if (isAlarmed && !stands) alarms += 1;
    stands = isAlarmed;
  }
  return alarms;
}

function daysToFind(days: readonly Day[], start: number, shifted: string): number {
  const profile = profileOf(days.slice(start, start + REFERENCE_DAYS));
  const first = start + REFERENCE_DAYS;
  const live = days
    .slice(first, first + SHIFT_AFTER + SHIFTED_DAYS)
    .map((day, index) => (index < SHIFT_AFTER ? day : new Map([...day, [SHIFTED, day.get(shifted) ?? []]])));
  for (let count = SHIFT_AFTER + 1; count <= live.length; count += 1) {
    const { features } = judge(profile, live.slice(0, count));
    if (features.find(({ name }) => name === SHIFTED)?.verdict === 'fail') return count - SHIFT_AFTER;
  }
  return Number.POSITIVE_INFINITY;
}

function judge(profile: ReferenceProfile, live: readonly Day[]) {
  return judgeDrift(profile, live.map(windowOf), DEFAULT_DRIFT_OPTIONS);
}

function profileOf(days: readonly Day[]): ReferenceProfile {
  const blocksOf = (name: string) => days.map((day) => [...(day.get(name) ?? [])]);
  const sumsOf = (blocks: readonly Counts[]) =>
    (blocks[0] ?? []).map((_, bin) => blocks.reduce((sum, block) => sum + (block[bin] ?? 0), 0));
  const features = listColumns(days[0]).map((name) => {
    const blocks = blocksOf(name);
    const counts = sumsOf(blocks);
    return {
      name,
      kind: 'numeric' as const,
      edges: counts.slice(1).map((_, edge) => edge),
      counts,
      missing: 0,
      blocks,
    };
  });
  const blocks = blocksOf(PREDICTION);
  const counts = sumsOf(blocks);
  return simulatedProfile({
    rows: sumOf(counts),
    features,
    prediction: { kind: 'classes', classes: ['in time', 'late'], counts, blocks },
  });
}

function windowOf(day: Day, index: number): CaptureWindow {
  const counts = [...(day.get(PREDICTION) ?? [])];
  return simulatedWindow(index, DAY_MS, {
    n: sumOf(counts),
    features: Object.fromEntries(
      listColumns(day).map((name) => [name, { counts: [...(day.get(name) ?? [])], ...ALL_KNOWN }]),
    ),
    prediction: { counts },
  });
}

/** The columns that are watched: all but the prediction, and what is one of them shifted. */
function listColumns(day: Day | undefined): readonly string[] {
  return [...(day?.keys() ?? [])].filter((name) => name !== PREDICTION && !name.includes('+'));
}

function readDays(): readonly Day[] {
  const [, ...lines] = readFileSync(DAYS, 'utf8').trim().split('\n');
  const cells = lines.map((line) => {
    const [day = '', column = '', counts = ''] = line.split(',');
    return { day, column, counts: counts.split(' ').map(Number) };
  });
  const byDay = Map.groupBy(cells, ({ day }) => day);
  return [...byDay.values()].map((own) => new Map(own.map(({ column, counts }) => [column, counts])));
}
