import type { SimulationOptions, SimulationRow } from '../simulation-row.ts';
import { decayRows } from './decay.ts';
import { quietYearRows } from './quiet-year.ts';
import { shiftRows } from './shifts.ts';

/** The promises of all that is watched together, played day by day through the decisions of monitor-check: rows from 28 on. */
export function monitorRows(options: SimulationOptions): SimulationRow[] {
  return [...quietYearRows(options), ...shiftRows(options), ...decayRows(options)];
}
