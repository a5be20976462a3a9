import type { Draws } from '../../simulate/draws.ts';

/** One of these, each as likely. */
export function pick<T>(draws: Draws, choices: readonly T[]): T {
  const choice = choices[Math.floor(draws.uniform() * choices.length)];
  if (choice === undefined) throw new RangeError('There is nothing to choose from.');
  return choice;
}
