import { insertGenerated } from '../core/report/insert-generated.ts';
import { ROUTES } from '../core/serving/routes.ts';
import { METRICS } from './metrics/table.ts';
import { shownName } from './options/option.ts';
import { OPTIONS } from './options/table.ts';

/** The agent's README with its tables of options, routes and metrics, between their markers, as the agent itself has them. */
export function insertTables(readme: string): string {
  const tables = { options: optionsTable(), api: routesTable(), metrics: metricsTable() };
  return Object.entries(tables).reduce((page, [name, table]) => insertGenerated(page, name, table), readme);
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

function metricsTable(): string {
  const rows = Object.values(METRICS).map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`,
  );
  return ['| Metric | Type | Labels | What it is |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
