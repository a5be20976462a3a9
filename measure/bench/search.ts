import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { printLine } from './figures.ts';
import type { Size } from './size.ts';

/** Seconds that a training sleeps, and how many trials a search has. */
const SIZES = { full: { seconds: 4, trials: 24 }, tiny: { seconds: 0.1, trials: 4 } } as const;
const SPEED_GOAL = 3.5;
const OVERHEAD_GOAL = 1.2;

/** Seconds per trial. */
const timesSchema = z.object({ one: z.number(), four: z.number(), optuna: z.number() });

/** What four workers of a search gain over one where trainings only wait, and what a trial costs beside Optuna's own loop. */
export async function benchSearch(size: Size): Promise<void> {
  const { seconds, trials } = SIZES[size];
  const script = path.join(ROOT, 'measure', 'bench', 'search_trials.py');
  const said = execFileSync(venvProgram('python'), [script, String(seconds), String(trials)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { one, four, optuna } = timesSchema.parse(JSON.parse(said.trim().split('\n').at(-1) ?? ''));
  printLine('one worker', `${one.toFixed(2)} s a trial`);
  printLine('four workers', `${four.toFixed(2)} s a trial`);
  printLine('Optuna by itself', `${optuna.toFixed(2)} s a trial`);
  printLine(
    'four to one',
    `${(one / four).toFixed(2)} (goal ${SPEED_GOAL}: ${one / four >= SPEED_GOAL ? 'met' : 'missed'})`,
  );
  printLine(
    'a trial to Optuna',
    `${(one / optuna).toFixed(2)} (goal ${OVERHEAD_GOAL}: ${one / optuna <= OVERHEAD_GOAL ? 'met' : 'missed'})`,
  );
}
