import { makeDraws } from '../draws.ts';
import { shiftOf } from '../drifting-data.ts';
import {
  drawsAt,
  formatMedian,
  medianOf,
  type SimulationOptions,
  type SimulationRow,
} from '../simulation-row.ts';
import { type Circumstances, deploymentOf, HOLDOUTS, LARGE_HOLDOUT } from './deployment.ts';
import { SHIFTED } from './model.ts';
import { type DailyCheck, playDeployment, type YearPlay } from './play-deployment.ts';

/** Shifts of the first column: their indices, and within how many days row 10 promises to find them, where no day wanders and where days do. */
const SHIFTS = [
  { index: 0.1, steady: 2, wandering: 4 },
  { index: 0.25, steady: 1, wandering: 2 },
  { index: 1, steady: 1, wandering: 2 },
] as const;
/** Days on which they begin, from 1. */
const BEGIN_ON = [1, 7, 20, 100] as const;
const RUNS = 24;
/** Between two cells, so that few runs are of many kinds. */
const STEP = 7;

/** What is told apart: whether the profile knows days, and how large its holdout is. */
type Kind = { readonly hasDays: boolean; readonly holdouts: readonly number[] };
const KINDS: readonly Kind[] = [true, false].flatMap((hasDays) => [
  { hasDays, holdouts: HOLDOUTS.filter((rows) => rows < LARGE_HOLDOUT) },
  { hasDays, holdouts: HOLDOUTS.filter((rows) => rows >= LARGE_HOLDOUT) },
]);

/** How long a shift that nobody mends is looked at: more than twice as long as hosts keep their windows. */
const UNMENDED_DAYS = 80;
const MENDED_AFTER_DAYS = 30;
const OVER_WITHIN_DAYS = 7;
const WATCHED_DAYS = 14;

/** What became of one shift. */
type Shift = {
  readonly index: number;
  readonly deployment: Circumstances;
  /** Days from the first one that is off to the check that told of it; infinite where none did. */
  readonly found: number;
  /** Days after that on which it was off and nothing was told of it. */
  readonly untold: number;
  /** Days, later than a week after it was mended, on which it was told of. */
  readonly leftOver: number;
};

/** Row 29: shifts that nobody mends; row 30: shifts that are mended after a month, by the data or by a new version. */
export function shiftRows(options: SimulationOptions): SimulationRow[] {
  const lasting = playAll(options, 'lasting');
  const mended = playAll(options, 'mended');
  const isOf = ({ hasDays, holdouts }: Kind, { deployment }: Shift) =>
    deployment.hasDays === hasDays && holdouts.includes(deployment.holdout);
  return [
    ...SHIFTS.flatMap((shift) =>
      KINDS.map((kind) =>
        lastingRow(
          shift,
          kind,
          lasting.filter((one) => one.index === shift.index && isOf(kind, one)),
        ),
      ),
    ),
    ...SHIFTS.map(({ index }) =>
      mendedRow(
        index,
        mended.filter((one) => one.index === index),
      ),
    ),
  ];
}

function lastingRow(
  { index, steady, wandering }: (typeof SHIFTS)[number],
  { hasDays, holdouts }: Kind,
  shifts: readonly Shift[],
): SimulationRow {
  const medianWhere = (wanders: boolean) =>
    medianOf(shifts.filter(({ deployment }) => deployment.wobble > 0 === wanders).map(({ found }) => found));
  const [calm, wandered] = [medianWhere(false), medianWhere(true)];
  const told = shifts.filter(({ found, untold }) => Number.isFinite(found) && untold === 0).length;
  return {
    row: 29,
    quantity: `monitor, an index of ${index} in one of 20 columns from day ${BEGIN_ON.join(', ')} on, mended by nobody, holdouts of ${holdouts.join(' and ')} rows, days ${hasDays ? '' : 'not '}known: days to find it; told on each of ${UNMENDED_DAYS} days from then on`,
    anchors: [],
    target: `median ≤ ${steady}, ≤ ${wandering} where days wander; always`,
    observed: `median ${formatMedian(calm)}, ${formatMedian(wandered)}; told in ${told} of ${shifts.length}${sayNever(shifts)}`,
    met: !(calm > steady) && !(wandered > wandering) && told === shifts.length,
  };
}

function mendedRow(index: number, shifts: readonly Shift[]): SimulationRow {
  const told = shifts.filter(({ found, untold }) => Number.isFinite(found) && untold === 0).length;
  const over = shifts.filter(({ leftOver }) => leftOver === 0).length;
  return {
    row: 30,
    quantity: `monitor, the same, mended after ${MENDED_AFTER_DAYS} days by the data or by a new version, an index of ${index}: told until it is mended, over within a week`,
    anchors: [],
    target: 'always; always',
    observed: `told in ${told} of ${shifts.length}${sayNever(shifts)}; over in ${over}`,
    met: told === shifts.length && over === shifts.length,
  };
}

/** Those that were told on no day: what is told by turns is another fault. */
function sayNever(shifts: readonly Shift[]): string {
  const never = shifts.filter(({ found }) => !Number.isFinite(found)).length;
  return never === 0 ? '' : `, never found in ${never}`;
}

function playAll({ scale, seed }: SimulationOptions, fate: 'lasting' | 'mended'): readonly Shift[] {
  const runs = drawsAt(RUNS, scale, 1);
  const cells = SHIFTS.flatMap(({ index }) => BEGIN_ON.map((day) => ({ index, start: day - 1 })));
  return cells.flatMap(({ index, start }, cell) =>
    Array.from({ length: runs }, (_, run) => {
      const deployment = deploymentOf(STEP * cell + run);
      const draws = makeDraws(`${seed}|${fate}|${index}|${start}|${run}`);
      const end = fate === 'lasting' ? Number.POSITIVE_INFINITY : start + MENDED_AFTER_DAYS;
      const isByData = run % 2 === 0;
      const isShifted = (day: number) => day >= start && (day < end || !isByData);
      const shift = shiftOf(index);
      const play: YearPlay = {
        deployment,
        days: fate === 'lasting' ? start + UNMENDED_DAYS : end + WATCHED_DAYS,
        weatherOn: (day) => ({ shift: isShifted(day) ? shift : 0, drop: 0 }),
        trainingOn: () => 'unheard',
        ...(fate === 'mended' && !isByData && { trainedOn: end - 1 }),
      };
      return { index, deployment, ...follow(playDeployment(draws, play), start, end) };
    }),
  );
}

function follow(
  checks: readonly DailyCheck[],
  start: number,
  end: number,
): Omit<Shift, 'index' | 'deployment'> {
  const first = checks.find((check) => check.day >= start && isTold(check))?.day ?? Number.POSITIVE_INFINITY;
  const isOff = ({ day }: DailyCheck) => day > first && day < end;
  return {
    found: first - start + 1,
    untold: checks.filter((check) => isOff(check) && !isTold(check)).length,
    leftOver: checks.filter((check) => check.day >= end + OVER_WITHIN_DAYS && isTold(check)).length,
  };
}

/** Whether something is asked for, and the column that shifts is named. */
function isTold({ action, codes }: DailyCheck): boolean {
  return action !== 'none' && codes.some((code) => code.endsWith(`:${SHIFTED}`));
}
