import { epochMs } from '../../../core/instant.ts';
import { sumOf } from '../../../core/statistics/sum-of.ts';
import { makeDraws } from '../draws.ts';
import {
  drawsAt,
  formatMedian,
  keepsPromise,
  medianOf,
  type SimulationOptions,
  type SimulationRow,
} from '../simulation-row.ts';
import { deploymentOf, HOLDOUTS } from './deployment.ts';
import { BEGAN, DAY_MS } from './host.ts';
import { type DailyCheck, playDeployment } from './play-deployment.ts';

const DROP = 0.05;
/** What a holdout lets be found, and at how many requests a day that comes within the five weeks that labels are kept: docs/statistics.md. */
const SMALL_HOLDOUT = { mostLabels: 2_500, rowsPerDay: 600 } as const;
/** Rows of a holdout from which on the usual goal is within what is possible. */
const FEWEST_FOR_USUAL = 500;
const RUNS = 100;
/** Half of the requests get a label: about 70 a day, weekends counted, as fine as days can tell 900 labels. */
const USUAL = { mostLabels: 900, rowsPerDay: 200 } as const;
/** Answers are worse from this day on, from 0. */
const START = 28;
/** For as long as the host keeps its labels. */
const DAYS = START + 35;
const MATURITY_DAYS = 7;

/** Row 31: labels until answers that are right five points less often are found, while inputs stay as they were. */
export function decayRows({ scale, seed }: SimulationOptions): SimulationRow[] {
  const runs = drawsAt(RUNS, scale, 2 * HOLDOUTS.length);
  const decays = Array.from({ length: runs }, (_, index) => {
    const deployment = { ...deploymentOf(index), rowsPerDay: goalOf(deploymentOf(index).holdout).rowsPerDay };
    const checks = playDeployment(makeDraws(`${seed}|decay|${index}`), {
      ...{ deployment, days: DAYS, trainingOn: () => 'unheard' },
      weatherOn: (day) => ({ shift: 0, drop: day >= START ? DROP : 0 }),
    });
    return { holdout: deployment.holdout, labels: labelsToFind(checks) };
  });
  return HOLDOUTS.map((holdout) => {
    const ours = decays.filter((one) => one.holdout === holdout).map(({ labels }) => labels);
    const median = medianOf(ours);
    const { mostLabels, rowsPerDay } = goalOf(holdout);
    const late = ours.filter((count) => count > mostLabels).length;
    return {
      row: 31,
      quantity: `monitor, answers right 5 points less often, ${rowsPerDay} requests a day, half of them labelled after 3 days, judged after 7, holdout of ${holdout} rows: labels of such answers until it is found`,
      anchors: [],
      target: `median ≤ ${mostLabels}`,
      observed: `median ${formatMedian(median)} (${ours.length} runs)`,
      met: keepsPromise(late, ours.length, { most: 0.5, fullDraws: RUNS / HOLDOUTS.length }),
    };
  });
}

/** A holdout of so few rows promises to within 3.3 points: no test that keeps its promises finds 5 points in 900 labels. */
function goalOf(holdout: number): { readonly mostLabels: number; readonly rowsPerDay: number } {
  return holdout < FEWEST_FOR_USUAL ? SMALL_HOLDOUT : USUAL;
}

/** Labels of worse answers that were old enough to be judged when the first check told of them. */
function labelsToFind(checks: readonly DailyCheck[]): number {
  const found = checks.find(({ day, codes }) => day >= START && codes.includes('labels-worse-than-promised'));
  if (found === undefined) return Number.POSITIVE_INFINITY;
  const from = BEGAN + START * DAY_MS;
  const to = found.now - (MATURITY_DAYS + 1) * DAY_MS;
  const dayOf = (day: string) => epochMs(`${day}T00:00:00Z`);
  return sumOf(
    found.labels.filter(({ day }) => dayOf(day) >= from && dayOf(day) <= to).map((count) => count.labelled),
  );
}
