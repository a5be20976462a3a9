import { makeDraws } from '../draws.ts';
import { drawsAt, type SimulationOptions, type SimulationRow } from '../simulation-row.ts';
import { deploymentOf, HOLDOUTS } from './deployment.ts';
import { CALM } from './host.ts';
import { type DailyCheck, playDeployment, type YearPlay } from './play-deployment.ts';

const DEPLOYMENTS = 200;
const YEAR_DAYS = 365;
/** Of a deployment in a year. */
const MOST = { retrains: 1, rollbacks: 0.1, issues: 4 } as const;

type Counts = { readonly [count in keyof typeof MOST]: number };

/** Row 28: what the monitor asks for in a year in which nothing changes, by the rows of the holdout; every training that it asks for is done. */
export function quietYearRows({ scale, seed }: SimulationOptions): SimulationRow[] {
  const deployments = drawsAt(DEPLOYMENTS, scale, HOLDOUTS.length);
  const counted = Array.from({ length: deployments }, (_, index) => {
    const deployment = deploymentOf(index);
    const draws = makeDraws(`${seed}|quiet-year|${index}`);
    const play: YearPlay = { deployment, days: YEAR_DAYS, weatherOn: () => CALM, trainingOn: () => 'done' };
    return { holdout: deployment.holdout, ...countFalse(playDeployment(draws, play)) };
  });
  return HOLDOUTS.map((holdout) => {
    const ours = counted.filter((one) => one.holdout === holdout);
    const mean = (count: keyof Counts) => ours.reduce((sum, one) => sum + one[count], 0) / ours.length;
    const [retrains, rollbacks, issues] = [mean('retrains'), mean('rollbacks'), mean('issues')];
    const shown = [retrains, rollbacks, issues].map((value) => value.toFixed(2)).join(', ');
    return {
      row: 28,
      quantity: `monitor, a year in which nothing changes, holdout of ${holdout} rows: false \`retrain\`, \`rollback\`, issues of a deployment`,
      anchors: [],
      target: `≤ ${MOST.retrains}, ≤ ${MOST.rollbacks}, ≤ ${MOST.issues}`,
      observed: `${shown} (${ours.length} years)`,
      met: retrains <= MOST.retrains && rollbacks <= MOST.rollbacks && issues <= MOST.issues,
    };
  });
}

/** Days on which a training is asked for, and how often a rollback or an issue begins. */
function countFalse(checks: readonly DailyCheck[]): Counts {
  const begins = (is: (check: DailyCheck) => boolean) =>
    checks.filter((check, index) => {
      const before = checks[index - 1];
      return is(check) && !(before !== undefined && is(before));
    }).length;
  return {
    retrains: checks.filter(({ action }) => action === 'retrain').length,
    rollbacks: begins(({ action }) => action === 'rollback'),
    issues: begins(({ action }) => action !== 'none'),
  };
}
