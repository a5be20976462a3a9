import path from 'node:path';
import ts from 'typescript';
import { expect, onTestFinished, test } from 'vitest';
import { renderMetrics } from '../../agent/metrics/render-metrics.ts';
import { METRICS } from '../../agent/metrics/table.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { readDashboards } from './support/dashboards.ts';
import { findUntold, readExposed } from './support/exposed-metrics.ts';
import { openMeteredHost } from './support/metered-host.ts';

const dashboards = readDashboards();

async function exposed(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { host } = await openMeteredHost();
  onTestFinished(() => host.close());
  return readExposed(await renderMetrics(host.context));
}

test('there is one of the fleet, of a host and of a model, each by a uid of its own', () => {
  expect(dashboards.map(({ file, uid }) => [path.basename(file), uid])).toEqual([
    ['fleet.json', 'trainyard-fleet'],
    ['host.json', 'trainyard-host'],
    ['model.json', 'trainyard-model'],
  ]);
});

test('the host of these tests tells every metric of the table, with the labels that stand there', async () => {
  const told = await exposed();
  for (const { name, type, labels } of Object.values(METRICS)) {
    const shown = type === 'histogram' ? `${name}_count` : name;
    expect([...(told.get(shown) ?? [])].toSorted(), name).toEqual([...labels, 'instance', 'job'].toSorted());
  }
});

test('panels, legends and variables ask only for metrics and labels that an agent has', async () => {
  const told = await exposed();
  const untold = dashboards.flatMap(({ file, panels, templating }) => [
    ...panels
      .flatMap(({ targets }) => targets)
      .flatMap(({ expr, legendFormat }) => findUntold(told, expr, [legendFormat]))
      .map((what) => `${file}: ${what}`),
    ...templating.list.flatMap(({ query }) => {
      if (typeof query === 'string') return [];
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query.query) ?? [];
      return told.get(metric)?.has(label) ? [] : [`${file}: ${query.query}`];
    }),
  ]);
  expect(untold).toEqual([]);
});

test('a share of failed requests counts each of them once, and ends at all of them', () => {
  const failing = dashboards.flatMap(({ panels }) =>
    panels.filter(({ title }) => title.startsWith('Failing requests')),
  );
  expect(failing).toHaveLength(4);
  for (const { targets, fieldConfig } of failing) {
    expect(fieldConfig.defaults).toMatchObject({ unit: 'percentunit', max: 1 });
    const asked = targets.flatMap(({ expr }) => expr.match(/trainyard_\w+/g));
    expect(asked).toEqual(['trainyard_failed_requests_total', 'trainyard_requests_total']);
  }
});

test('what no agent tells is found', async () => {
  const told = await exposed();
  expect(findUntold(told, 'sum by (model) (rate(trainyard_requests_total[5m]))', ['{{model}}'])).toEqual([]);
  expect(findUntold(told, 'trainyard_requests_count{model="a"}', [])).toContain('trainyard_requests_count');
  expect(findUntold(told, 'sum by (host) (trainyard_braked)', [])).toEqual(['host']);
  expect(findUntold(told, 'trainyard_braked{version="1"} * up', [])).toEqual([
    'trainyard_braked{version="1"}: version',
  ]);
  expect(findUntold(told, 'trainyard_braked', ['{{ $labels.version }}'])).toEqual(['version']);
});

test('no panel is bound to one data source, and none lies on another', () => {
  for (const { file, text, templating, panels } of dashboards) {
    expect(templating.list[0], file).toMatchObject({
      name: 'datasource',
      type: 'datasource',
      query: 'prometheus',
    });
    const sources = [...text.matchAll(/"uid": "(?<uid>[^"]*)"/g)].map((match) => match.groups?.['uid']);
    expect(new Set(sources), file).toEqual(
      new Set([`trainyard-${path.basename(file, '.json')}`, `\${datasource}`]),
    );
    expect(new Set(panels.map(({ id }) => id)).size, file).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size, file).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w)), file).toBeLessThanOrEqual(24);
  }
});

test('each is a dashboard by the types that Grafana publishes', () => {
  expect(dashboards.flatMap(({ text }) => checkType(text))).toEqual([]);
});

test('a key that Grafana does not know, and a value that it does not take, are found', () => {
  const [{ text } = { text: '' }] = dashboards;
  expect(checkType(text.replace('"gridPos"', '"place"')).join()).toContain('place');
  expect(checkType(text.replace('"absolute"', '"relative"')).join()).toContain('relative');
});

/** What the compiler has against a text as a dashboard of `@grafana/schema`. */
function checkType(text: string): readonly string[] {
  const file = path.join(ROOT, 'test', 'agent', 'imagined-dashboard.ts');
  // A value in JSON can't name a member of an enum: its text stands for it.
  const source = `import type { Dashboard } from '@grafana/schema';
type Plain<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
export const dashboard: Plain<Dashboard> = ${text};`;
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const program = ts.createProgram([file], options, {
    ...host,
    fileExists: (name) => name === file || host.fileExists(name),
    getSourceFile: (name, version) =>
      name === file ? ts.createSourceFile(name, source, version, true) : host.getSourceFile(name, version),
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
