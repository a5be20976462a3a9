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
const MOST_LABELS = 900;
const RUNS = 100;
/** Half of them get a label: about 70 a day, weekends counted, as fine as days can tell 900 labels. */
const ROWS_PER_DAY = 200;
/** Answers are worse from this day on, from 0. */
const START = 28;
/** For as long as the host keeps its labels. */
const DAYS = START + 35;
const MATURITY_DAYS = 7;

/** Row 31: labels until answers that are right five points less often are found, while inputs stay as they were. */
export function decayRows({ scale, seed }: SimulationOptions): SimulationRow[] {
  const runs = drawsAt(RUNS, scale, 2 * HOLDOUTS.length);
  const decays = Array.from({ length: runs }, (_, index) => {
    const deployment = { ...deploymentOf(index), rowsPerDay: ROWS_PER_DAY };
    const checks = playDeployment(makeDraws(`${seed}|decay|${index}`), {
      ...{ deployment, days: DAYS, trainingOn: () => 'unheard' },
      weatherOn: (day) => ({ shift: 0, drop: day >= START ? DROP : 0 }),
    });
    return { holdout: deployment.holdout, labels: labelsToFind(checks) };
  });
  return HOLDOUTS.map((holdout) => {
    const ours = decays.filter((one) => one.holdout === holdout).map(({ labels }) => labels);
    const median = medianOf(ours);
    const late = ours.filter((count) => count > MOST_LABELS).length;
    return {
      row: 31,
      quantity: `monitor, answers right 5 points less often, ${ROWS_PER_DAY} requests a day, half of them labelled after 3 days, judged after 7, holdout of ${holdout} rows: labels of such answers until it is found`,
      anchors: [],
      target: `median ≤ ${MOST_LABELS}`,
      observed: `median ${formatMedian(median)} (${ours.length} runs)`,
      met: keepsPromise(late, ours.length, { most: 0.5, fullDraws: RUNS / HOLDOUTS.length }),
    };
  });
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
