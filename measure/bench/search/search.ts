import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { venvProgram } from '../../../sandbox/checkout.ts';
import { printLine } from '../figures.ts';
import type { Size } from '../size.ts';
import { timeSearch } from './time-search.ts';

/** Seconds that a training sleeps, and how many trials a search has. */
const SIZES = { full: { seconds: 4, trials: 24 }, tiny: { seconds: 0.1, trials: 4 } } as const;
/** The same of the search that is timed as a whole. */
const WHOLE = { full: { seconds: 3, trials: 20 }, tiny: { seconds: 0.1, trials: 2 } } as const;
const SPEED_GOAL = 3.5;
const OVERHEAD_GOAL = 1.2;
const WHOLE_GOAL = 1.15;

/** Seconds per trial. */
const timesSchema = z.object({ one: z.number(), four: z.number(), optuna: z.number() });

/**
 * What four workers of a search gain over one where trainings only wait, what a trial costs beside Optuna's own loop, and how long a whole
 * search takes, from its command to its pull request, beside a script of a page.
 */
export async function benchSearch(size: Size): Promise<void> {
  const { seconds, trials } = SIZES[size];
  const script = path.join(import.meta.dirname, 'search_trials.py');
  const said = execFileSync(venvProgram('python'), [script, String(seconds), String(trials)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { one, four, optuna } = timesSchema.parse(JSON.parse(said.trim().split('\n').at(-1) ?? ''));
  printLine('one worker', `${one.toFixed(2)} s a trial`);
  printLine('four workers', `${four.toFixed(2)} s a trial`);
  printLine('Optuna by itself', `${optuna.toFixed(2)} s a trial`);
  const [gain, cost] = [one / four, one / optuna];
  printLine('four to one', `${gain.toFixed(2)} (goal ${SPEED_GOAL}: ${told(gain >= SPEED_GOAL)})`);
  printLine(
    'a trial to Optuna',
    `${cost.toFixed(2)} (goal ${OVERHEAD_GOAL}: ${told(cost <= OVERHEAD_GOAL)})`,
  );
  const { underAct, byHand } = await timeSearch(WHOLE[size]);
  const ratio = underAct / byHand;
  const what = `${WHOLE[size].trials} trials of ${WHOLE[size].seconds} s`;
  printLine('/tune under act', `${underAct.toFixed(1)} s for ${what}`);
  printLine('the same by hand', `${byHand.toFixed(1)} s`);
  printLine('act to by hand', `${ratio.toFixed(2)} (goal ${WHOLE_GOAL}: ${told(ratio <= WHOLE_GOAL)})`);
}

function told(isMet: boolean): string {
  return isMet ? 'met' : 'missed';
}
