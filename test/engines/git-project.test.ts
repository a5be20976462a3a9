import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { ROOT, STATE_DIR, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { type GitDaemon, startGitDaemon } from '../adapters/support/git-daemon.ts';
import { gitIn } from '../adapters/support/git-in.ts';
import { startTrainAction } from './support/train-action.ts';

const folder = mkdtempSync(path.join(STATE_DIR, 'git-project-'));
const [work, bare, workspace] = ['work', 'project.git', 'workspace'].map((name) => path.join(folder, name));
const git = gitIn(work ?? '');
let server: MlflowServer;
let daemon: GitDaemon;

beforeAll(async () => {
  execFileSync('git', ['init', '--quiet', '--initial-branch', 'main', work ?? '']);
  cpSync(path.join(ROOT, 'test', 'fixtures', 'projects', 'tiny'), path.join(work ?? '', 'models', 'tiny'), {
    recursive: true,
  });
  git('add', '.');
  git('commit', '--quiet', '--message', 'first');
  execFileSync('git', ['clone', '--quiet', '--bare', work ?? '', bare ?? '']);
  mkdirSync(workspace ?? '');
  daemon = await startGitDaemon(folder);
  const python = venvProgram('python');
  server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
});
afterAll(async () => {
  await daemon.child.stop();
  await server.child.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a project of a git repository is trained at the commit of its branch, as MLflow fetches it', async () => {
  const first = git('rev-parse', 'HEAD');
  const lines = [
    'version: 1',
    'model: tiny',
    `tracking: { uri: "${server.url}" }`,
    `project: { uri: "${daemon.address}/project.git#models/tiny", version: main, parameters: { scale: 3.0 } }`,
    'gate: [{ metric: accuracy, floor: 0.1 }]',
  ];
  writeFileSync(path.join(workspace ?? '', 'trainyard.yml'), `${lines.join('\n')}\n`);
  const temp = path.join(folder, 'temp');
  const job = startTrainAction({ workspace: workspace ?? '', temp, correlationId: 'from-git' });
  const { code, outputs } = await job.ended;
  expect(code, job.lines.join('\n')).toBe(0);
  const mlflow = createMlflow({ uri: server.url }, systemClock);
  const run = await mlflow.getRun(outputs['run-id'] ?? '');
  expect(run.metrics).toEqual({ scale: 3 });
  expect(run.tags).toMatchObject({
    'trainyard.project-commit': first,
    'mlflow.source.git.commit': first,
    'mlflow.source.git.repoURL': `${daemon.address}/project.git`,
  });
  const provenance = path.join(folder, 'provenance.json');
  await mlflow.downloadArtifact(run.runId, 'trainyard/provenance.json', provenance);
  expect(JSON.parse(execFileSync('cat', [provenance], { encoding: 'utf8' }))).toMatchObject({
    sha: 'a'.repeat(40),
    project: { version: 'main', commit: first },
  });
});
