import { insertGenerated } from '../../core/report/insert-generated.ts';
import type { Attempt } from './attempt.ts';
import { ATTACKERS } from './attempts.ts';
import type { Play } from './find-plays.ts';

/** The page with all attempts in it: who tries what, how that ends, by what, and which test plays it. */
export function insertAttempts(page: string, plays: readonly Play[]): string {
  return insertGenerated(page, 'attempts', render(plays));
}

function render(plays: readonly Play[]): string {
  const all = ATTACKERS.flatMap(([, attempts]) => attempts);
  const stopped = all.filter(({ end }) => end === 'stopped').length;
  const sum = `Of ${all.length} attempts ${stopped} are stopped, and ${all.length - stopped} can't be, and are found and named.`;
  return [sum, ...ATTACKERS.map(([who, attempts]) => renderAttacker(who, attempts, plays))].join('\n\n');
}

function renderAttacker(who: string, attempts: readonly Attempt[], plays: readonly Play[]): string {
  const rows = attempts.map(({ id, tries, end, by }) => {
    const file = plays.find((play) => play.id === id)?.file ?? '';
    return `| ${id} | ${tries} | ${end} | \`${by}\` | \`${file}\` |`;
  });
  return [`| | ${who} | Ends | By | Test |`, '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}
