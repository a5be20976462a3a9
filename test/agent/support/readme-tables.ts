import { ENDPOINTS } from '../../../agent/api/endpoints.ts';
import { shownName } from '../../../agent/options/option.ts';
import { OPTIONS } from '../../../agent/options/table.ts';

/** The tables of agent/README.md by the name of their markers, made from what the agent itself uses. */
export function renderTables(): Readonly<Record<'options' | 'api', string>> {
  const options = OPTIONS.map((option) => {
    const fallback = option.default === undefined ? '' : `\`${option.default}\``;
    return `| \`${shownName(option)}\` | ${option.help} | ${fallback} |`;
  });
  const api = ENDPOINTS.map(
    ({ method, path, role, summary }) =>
      `| \`${method.toUpperCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}\` | ${role ?? 'none'} | ${summary} |`,
  );
  return {
    options: ['| Option | What it is | Default |', '| --- | --- | --- |', ...options].join('\n'),
    api: ['| Request | Role | What it does |', '| --- | --- | --- |', ...api].join('\n'),
  };
}

/** The text with each table between its markers. */
export function insertTables(text: string): string {
  return Object.entries(renderTables()).reduce(
    (sum, [name, table]) =>
      sum.replace(
        new RegExp(`(<!-- ${name}:begin -->\n)[^]*?(<!-- ${name}:end -->)`),
        (_all, begin, end) => `${begin}${table}\n${end}`,
      ),
    text,
  );
}
