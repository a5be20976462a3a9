import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';
import { TOKENS } from '../../../sandbox/agent/start-agent.ts';
import { ROOT } from '../../../sandbox/checkout.ts';
import { answers, startChild } from '../../../sandbox/machine/child-process.ts';
import { readDashboards } from './dashboards.ts';

/** Whether the Prometheus of Debian is on the path. */
export const HAS_PROMETHEUS = spawnSync('prometheus', ['--version']).error === undefined;

const dataSchema = z.object({ status: z.literal('success'), data: z.unknown() });
const samplesSchema = z.object({
  result: z.array(
    z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
  ),
});
const exemplarsSchema = z.array(
  z.object({
    seriesLabels: z.record(z.string(), z.string()),
    exemplars: z.array(z.object({ labels: z.record(z.string(), z.string()), value: z.string() })),
  }),
);

/** A Prometheus that reads one host with a reader's token, and evaluates the alerts of this repository. */
export type RunningPrometheus = {
  /** What one of its routes answers, which is to be 200. */
  readonly ask: <T>(route: string, schema: z.ZodType<T>) => Promise<T>;
  /** The present values of a query. */
  readonly query: (text: string) => Promise<readonly number[]>;
  /** Single requests that stand for the latencies of the last hour. */
  readonly exemplars: () => Promise<z.infer<typeof exemplarsSchema>>;
  readonly stop: () => Promise<void>;
};

/** Starts one on a folder and a port of its own, for the agent at this address; whoever does stops it. */
export async function startPrometheus(target: string): Promise<RunningPrometheus> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-prometheus-'));
  const [web = 0] = await findFreePorts(1);
  const config = path.join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    JSON.stringify({
      // A scrape may take as long as the interval: on a busy machine, seconds.
      global: { scrape_interval: '5s', scrape_timeout: '5s', evaluation_interval: '1s' },
      rule_files: [path.join(ROOT, 'deploy', 'prometheus', 'rules.yml')],
      scrape_configs: [
        {
          job_name: 'trainyard',
          authorization: { credentials: TOKENS.reader },
          static_configs: [{ targets: [target] }],
        },
      ],
    }),
  );
  const url = `http://127.0.0.1:${web}`;
  const child = await startChild({
    command: 'prometheus',
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${web}`,
      '--enable-feature=exemplar-storage',
    ],
    cwd: folder,
    env: process.env,
    log: path.join(folder, 'prometheus.log'),
    ready: () => answers(`${url}/-/ready`),
    timeoutMs: 60_000,
  });
  const ask = async <T>(route: string, schema: z.ZodType<T>): Promise<T> => {
    const answer = await fetch(`${url}/api/v1/${route}`);
    const body = await answer.text();
    if (answer.status !== 200) throw new Error(`${route}: ${answer.status} ${body}`);
    return schema.parse(dataSchema.parse(JSON.parse(body)).data);
  };
  return {
    ask,
    query: async (text) => {
      const { result } = await ask(`query?query=${encodeURIComponent(text)}`, samplesSchema);
      return result.map(({ value: [, value] }) => Number(value));
    },
    exemplars: () => {
      const name = encodeURIComponent('trainyard_request_duration_seconds_bucket');
      const range = `start=${Date.now() / 1_000 - 3_600}&end=${Date.now() / 1_000 + 60}`;
      return ask(`query_exemplars?query=${name}&${range}`, exemplarsSchema);
    },
    stop: async () => {
      await child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A query with what Grafana puts in the place of its variables; the interval spans many scrapes. */
export function fillIn(expr: string, model: string): string {
  const variables = { $__rate_interval: '60s', $instance: '.+', $model: model };
  return Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}

/** Every query of every dashboard, by the panel that asks it. */
export function queriesOfPanels(model: string): ReadonlyMap<string, string> {
  const all = readDashboards().flatMap(({ file, panels }) =>
    panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => [`${file}: ${title}: ${expr}`, fillIn(expr, model)] as const),
    ),
  );
  return new Map(all);
}
