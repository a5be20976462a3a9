import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { renderMetrics } from '../../agent/metrics/render-metrics.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { findUntold, readExposed } from './support/exposed-metrics.ts';
import { openMeteredHost } from './support/metered-host.ts';

const RULES = path.join(ROOT, 'deploy', 'prometheus', 'rules.yml');
const ruleSchema = z.object({
  alert: z.string(),
  expr: z.string(),
  annotations: z.record(z.string(), z.string()),
});
const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(ruleSchema) })),
});

const rules = rulesSchema.parse(parse(readFileSync(RULES, 'utf8'))).groups.flatMap((group) => group.rules);
const HAS_PROMTOOL = spawnSync('promtool', ['--version']).error === undefined;

test('the alerts ask only for metrics and labels that an agent has', async () => {
  const { host } = await openMeteredHost();
  onTestFinished(() => host.close());
  const exposed = readExposed(await renderMetrics(host.context));
  expect(rules.length).toBeGreaterThan(8);
  expect(
    rules.flatMap(({ expr, annotations }) => findUntold(exposed, expr, Object.values(annotations))),
  ).toEqual([]);
});

test('each alert is described in the documentation of operators', () => {
  const page = readFileSync(path.join(ROOT, 'docs', 'operations.md'), 'utf8');
  expect(rules.filter(({ alert }) => !page.includes(`\`${alert}\``))).toEqual([]);
});

test.skipIf(!HAS_PROMTOOL)('promtool finds nothing wrong, and each alert fires when it should', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-rules-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const tests = path.join(folder, 'tests.yml');
  const text = readFileSync(path.join(import.meta.dirname, 'rules.yml'), 'utf8');
  writeFileSync(tests, text.replace('RULES', JSON.stringify(RULES)));
  for (const args of [
    ['check', 'rules', RULES],
    ['test', 'rules', tests],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
  }
  const fired = parse(text).tests.flatMap(
    ({ alert_rule_test: cases }: { alert_rule_test: object[] }) => cases,
  );
  const names = z
    .array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }))
    .parse(fired)
    .flatMap(({ alertname, exp_alerts: expected }) => (expected.length > 0 ? [alertname] : []));
  expect(rules.map(({ alert }) => alert).filter((alert) => !names.includes(alert))).toEqual([]);
});
