import { parse } from 'yaml';
import { z } from 'zod';
import { insertGenerated } from '../../core/report/insert-generated.ts';

const actionSchema = z.object({
  name: z.string(),
  description: z.string(),
  inputs: z.record(z.string(), z.object({ description: z.string(), default: z.string() })),
  outputs: z.record(z.string(), z.object({ description: z.string() })),
  runs: z.object({ using: z.string(), main: z.string() }),
});
type ActionFile = z.infer<typeof actionSchema>;

/** What an action.yml says. */
export function parseActionFile(text: string): ActionFile {
  return actionSchema.parse(parse(text));
}

/** The tables of inputs and outputs as Markdown. */
export function renderTables({ inputs, outputs }: ActionFile): string {
  const rows = Object.entries(inputs).map(([name, { description, default: fallback }]) => {
    const shown = fallback === '' ? '' : `\`${fallback}\``;
    return `| \`${name}\` | ${cell(description)} | ${shown} |`;
  });
  const results = Object.entries(outputs).map(
    ([name, { description }]) => `| \`${name}\` | ${cell(description)} |`,
  );
  return [
    '| Input | What it is | Default |',
    '| --- | --- | --- |',
    ...rows,
    '',
    '| Output | What it is |',
    '| --- | --- |',
    ...results,
  ].join('\n');
}

/** The list of all actions as Markdown, each with a link to its README. */
export function renderActions(actions: Readonly<Record<string, ActionFile>>): string {
  const rows = Object.entries(actions).map(
    ([name, { description }]) => `| [\`${name}\`](actions/${name}/README.md) | ${cell(description)} |`,
  );
  return ['| Action | What it does |', '| --- | --- |', ...rows].join('\n');
}

/** The document with the tables between its markers. Throws when it has none. */
export function insertTables(readme: string, tables: string): string {
  return insertGenerated(readme, 'contract', tables);
}

/** Text as it may stand in a cell of a table. */
export function cell(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}
