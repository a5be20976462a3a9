import { benchInput, TARGET_SECONDS, timeJudgement } from '../bench/gate-input.ts';
import { worstDisagreement } from '../vectors/known-answers.ts';
import { simulateBootstrap } from './gate-rows/bootstrap.ts';
import { simulateFairness } from './gate-rows/fairness.ts';
import { simulateLevels } from './gate-rows/levels.ts';
import { simulateLine } from './gate-rows/line.ts';
import { simulateLostSlice } from './gate-rows/lost-slice.ts';
import { simulateMargin } from './gate-rows/margin.ts';
import { simulateRareHarm } from './gate-rows/rare-harm.ts';
import { simulateSlices } from './gate-rows/slices.ts';
import type { SimulationOptions, SimulationRow } from './simulation-row.ts';

/** The promises of the gate: rows 5, 6, 7, 14, 15 and 19 to 23. */
export function gateRows(options: SimulationOptions): SimulationRow[] {
  return [
    simulateMargin(options),
    simulateBootstrap(options),
    simulateRareHarm(options),
    simulateLine(options),
    ...simulateLevels(options),
    simulateSlices(options),
    simulateLostSlice(options),
    simulateFairness(options),
    agreement(),
    runTime(),
  ];
}

function agreement(): SimulationRow {
  const { error, tailError, compared } = worstDisagreement();
  return {
    row: 14,
    quantity: `statistics: largest relative difference from SciPy, mpmath and statsmodels, ${compared} values`,
    anchors: [],
    target: '1e-9 (1e-6 where the value is under 1e-12)',
    observed: `${error.toExponential(1)} (${tailError.toExponential(1)})`,
    met: error <= 1e-9 && tailError <= 1e-6,
  };
}

function runTime(): SimulationRow {
  const seconds = timeJudgement(benchInput());
  return {
    row: 15,
    quantity:
      'gate: processor time to judge 10,000 rows, 20 slices, 3 metrics by the bootstrap, 2,000 draws each',
    anchors: [],
    target: `≤ ${TARGET_SECONDS} s`,
    observed: `${seconds.toFixed(1)} s`,
    met: seconds <= TARGET_SECONDS,
  };
}
