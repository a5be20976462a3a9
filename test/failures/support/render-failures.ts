import { tmpdir } from 'node:os';
import { cell } from '../../../actions/job/action-tables.ts';
import type { Answer, Mistake } from './mistake.ts';

/** Mistakes of one kind, and what was answered to each. */
export type PlayedGroup = {
  readonly title: string;
  readonly rows: readonly { readonly mistake: Mistake; readonly answer: Answer }[];
};

const HEAD = `# What goes wrong in the first hour

Each of these mistakes is made by a test, with the code that jobs, hosts and the command line run, and this page is what was answered: \`npm run failures\`
plays all of them and writes it. The code stands in the annotation, in the job's \`result\` and in \`--json\`.

| Told by | Where it is read |
| --- | --- |
| \`check\` | \`trainyard check\` in a clone, before a push; in a pull request as annotations; the job that would trip over it says the same |
| \`doctor\` | \`trainyard doctor\`, from where it runs; the job that needs the service says the same |
| \`init\`, \`host add\`, \`host remove\` | at the command line |
| agent | in the log of the agent that does not start |
| comment | in the answer to the comment, and in the summary of its run |
| job | as an annotation and in the summary of the run, beside the commit, and in the pull request where there is one |
`;

/** The page: what was done, who tells, the code and the words. */
export function renderFailures(groups: readonly PlayedGroup[]): string {
  const count = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  const ours = groups.flatMap(({ rows }) => rows).filter(({ answer }) => answer.code === 'internal-error');
  const sum = `${count} mistakes; ${ours.length} of them are answered as a defect of Trainyard.`;
  return `${[HEAD, sum, ...groups.map(renderGroup)].join('\n')}\n`;
}

function renderGroup({ title, rows }: PlayedGroup): string {
  const lines = rows.map(
    ({ mistake, answer }) =>
      `| ${cell(mistake.does)} | ${mistake.place} | \`${answer.code}\` | ${cell(settle(answer.said))} |`,
  );
  return [
    '',
    `## ${title}`,
    '',
    '| What was done | Told by | Code | Words |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** Words without what is otherwise each time: folders, ports and numbers of processes. */
function settle(said: string): string {
  return said
    .replaceAll(tmpdir(), '/tmp')
    .replaceAll(/\/tmp\/ty-[\w-]+/g, '/home/ada/flats')
    .replaceAll(/ It is held by process .*?\)\./g, ' It is held by process 4711 (python).')
    .replaceAll(/(?<host>127\.0\.0\.1|localhost):\d+/g, '$<host>:9443')
    .split('`')
    .map((part, index) => (index % 2 === 0 ? part.replaceAll('<', '&lt;') : part))
    .join('`');
}
