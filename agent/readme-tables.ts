import { insertGenerated } from '../core/report/insert-generated.ts';
import { ROUTES } from '../core/serving/routes.ts';
import { shownName } from './options/option.ts';
import { OPTIONS } from './options/table.ts';

/** The agent's README with its tables of options and routes, between their markers, as the agent itself has them. */
export function insertTables(readme: string): string {
  return insertGenerated(insertGenerated(readme, 'options', optionsTable()), 'api', routesTable());
}

function optionsTable(): string {
  const rows = OPTIONS.map((option) => {
    const fallback = option.default === undefined ? '' : `\`${option.default}\``;
    return `| \`${shownName(option)}\` | ${option.help} | ${fallback} |`;
  });
  return ['| Option | What it is | Default |', '| --- | --- | --- |', ...rows].join('\n');
}

function routesTable(): string {
  const rows = Object.values(ROUTES).map(
    ({ method, path, role, summary }) => `| \`${method} ${path}\` | ${role ?? 'none'} | ${summary} |`,
  );
  return ['| Request | Role | What it does |', '| --- | --- | --- |', ...rows].join('\n');
}
