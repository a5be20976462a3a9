import { insertGenerated } from '../../core/report/insert-generated.ts';
import { WEAKENINGS } from './weakenings.ts';

/** The page with what a pull request changes of its own judgement, and what its report says of it. */
export function insertWeakenings(page: string): string {
  const rows = WEAKENINGS.map(({ id, tries, told }) => `| ${id} | ${tries} | … ${told}’s … |`);
  const table = ['| | A pull request | Its report says |', '| --- | --- | --- |', ...rows];
  return insertGenerated(page, 'weakenings', table.join('\n'));
}
