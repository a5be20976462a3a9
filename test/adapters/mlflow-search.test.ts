import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSearch } from '../../actions/job/handoff.ts';
import { tune } from '../../actions/train/tune.ts';
import { createRunCheckpoints } from '../../adapters/checkpoints/run-checkpoints.ts';
import { systemClock } from '../../adapters/clock.ts';
import { hashData, hashText } from '../../adapters/data-digest.ts';
import { createProjectRunner } from '../../adapters/mlflow/project.ts';
import { createSearchReader } from '../../adapters/mlflow/read-searched.ts';
import { createSearchRunner } from '../../adapters/mlflow/search.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { createSeal } from '../../adapters/seal.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import type { Log } from '../../core/ports.ts';
import { LEASE_TIMES } from '../../core/training/lease.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-search-'));
const workspace = path.join(folder, 'project');
const python = venvProgram('python');
const lines: string[] = [];
const log: Log = {
  info: (line) => lines.push(line),
  warn: (line) => lines.push(line),
  group: (_, work) => work(),
};
let server: MlflowServer;

beforeAll(async () => {
  cpSync(path.join(ROOT, 'test', 'fixtures', 'projects', 'quadratic'), workspace, { recursive: true });
  mkdirSync(path.join(folder, 'temp'));
  server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
}, 180_000);
afterAll(async () => {
  await server.child.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function prepare() {
  const text = `
version: 1
model: quadratic
tracking: { uri: "${server.url}" }
project: { parameters: { x: 0, y: 0, share: 1 } }
gate: [{ metric: "mlflow:loss", ceiling: 100 }]
search:
  trials: 3
  jobs: 2
  metric: loss
  direction: minimize
  parameters: { share: 0.7 }
  space: { x: { uniform: [-5, 5] }, y: { uniform: [-5, 5] } }
`;
  const read = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!read.ok) throw new Error(read.error.map(({ message }) => message).join('\n'));
  const config = read.value;
  const options = {
    ...{
      python,
      cwd: workspace,
      trackingUri: server.url,
      onLine: log.info,
      runtime: path.join(ROOT, 'runtime'),
    },
    ...{ policy: config.box, variables: [], inputs: [], docker: false },
    env: { ...process.env, OPTUNA_STORAGE: 'sqlite:////nowhere' },
  };
  const writeTemp = async (name: string, content: string) => {
    await writeFile(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const seal = createSeal('n'.repeat(64));
  const tracking = createMlflow({ uri: server.url }, systemClock);
  const ports = {
    tracking,
    project: createProjectRunner(options),
    search: createSearchRunner({
      ...options,
      folder: path.join(folder, 'temp'),
      storage: 'sqlite:////nowhere',
    }),
    ...{ clock: systemClock, log, hashText, writeTemp, readHoldout: async () => undefined },
    hashData: (names: readonly string[]) => hashData(workspace, names),
    fetchData: async () => undefined,
    findProjectCommit: async () => undefined,
    readSearched: createSearchReader(tracking, folder),
    seal,
    checkpoints: await createRunCheckpoints({ temp: folder, holder: '0.1', tracking, seal, log }),
  };
  const cause = { kind: 'manual', id: 'search-1' } as const;
  const plan = {
    ...({
      schema_version: 1,
      action: 'plan',
      decision: 'continue',
      operation: 'tune',
      next: 'train',
    } as const),
    ...{ model: 'quadratic', sha: 'a'.repeat(40), parameters: {}, correlationId: 'search-1', dryRun: false },
    ...{ actor: 'ann', cause },
    box: { require: false, timeoutSeconds: 86_400, variables: [], inputs: [], docker: false },
  };
  const { signal } = new AbortController();
  const request = {
    ...{ plan, config, workspace, repository: 'a/b', runUrl: 'http://run', signal },
    ...{ repositoryUrl: 'https://github.test/a/b', defaults: {} },
    ...{ holder: { round: 0, attempt: 1 }, leaseTimes: LEASE_TIMES },
  };
  return { request, ports };
}

test('a search runs a real project by real workers, and its best parameters train on all the data', async () => {
  const { request, ports } = await prepare();
  const outcome = await tune(request, ports).catch((error: unknown) => {
    throw new Error(lines.join('\n'), { cause: error });
  });
  const text = JSON.stringify({ schema_version: 1, action: 'train', ...outcome.result });
  const search = readSearch(text);
  expect(search, lines.join('\n')).toMatchObject({ complete: 3, pruned: 0, asked: 3 });
  const { runId = '', best } = search ?? {};
  const { tracking } = ports;
  const trials = await tracking.findRuns('quadratic', {
    'mlflow.parentRunId': runId,
    'trainyard.step': 'trial',
  });
  expect(trials).toHaveLength(3);
  for (const trial of trials) {
    const { x, y, share } = trial.parameters;
    expect(trial.metrics['loss']).toBeCloseTo((Number(x) - 1) ** 2 + (Number(y) + 2) ** 2, 6);
    expect(share).toBe('0.7');
  }
  const lowest = Math.min(...trials.map(({ metrics }) => metrics['loss'] ?? Number.NaN));
  expect(best?.value).toBe(lowest);
  const files = await tracking.listArtifacts(runId, 'trainyard/search');
  expect(files.map((file) => path.basename(file)).toSorted()).toEqual([
    'history.svg',
    'parallel.svg',
    'search.json',
  ]);
  const trained = await tracking.getRun(String(outcome.outputs['run-id']));
  expect(trained.metrics).toMatchObject({ loss: lowest, share: 1 });
  const provenance: unknown = JSON.parse(readFileSync(path.join(folder, 'provenance.json'), 'utf8'));
  expect(provenance).toMatchObject({ search: { runId, study: 'quadratic/search-1', data: 'same' } });
}, 600_000);
