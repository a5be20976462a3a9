import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { packageFolder } from '../../core/identity/package-folder.ts';
import { packageName } from '../../core/identity/package-name.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import type { Tracking, TrackingRun } from '../../core/ports.ts';
import { ENVIRONMENT, MODEL, startWorld, type World, WRITER } from '../../measure/scenes/world.ts';
import { buildPackage } from '../../sandbox/agent/build-package.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { loadDigits } from '../../sandbox/traffic/digits.ts';
import { predict } from '../../sandbox/traffic/traffic.ts';

const TRAINING_MS = 600_000;
/** A chain on a machine that has other things to do, in ms. */
const CHAIN_MS = 1_200_000;
const silent = (): void => undefined;

let folder: string;
let world: World;
/** All that somebody has who may write to MLflow, and to nothing else. */
let mlflow: Tracking;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-writer-'));
  world = await startWorld(folder, silent);
  mlflow = createMlflow({ uri: world.mlflow.url }, systemClock);
});
afterAll(async () => {
  await world.stop();
  discard(folder);
});

describe('somebody with write access to MLflow, while another’s push is trained and judged', () => {
  it('gets no run of theirs taken for the training and no package for the built one: the judged model serves', {
    timeout: CHAIN_MS,
  }, async () => {
    const run = push(world.project);
    const planted = await plantTraining(run.event.sha);
    const honest = await awaitTraining(run, planted.runId);
    const lie = await plantPackage(honest);
    await world.sandbox.finished(run);

    expect(outputOf(run, 'train', 'reason-code')).toBe('trained');
    expect(outputOf(run, 'train', 'run-id')).toBe(honest.runId);
    expect(outputOf(run, 'build', 'reason-code')).toBe('package-built');
    expect(outputOf(run, 'deploy', 'reason-code')).toBe('promoted');
    const { versions, trainings, environments } = readLedgerState(world.sandbox.remote, MODEL);
    const [training] = Object.values(trainings);
    const modelDigest = await mlflow.digestModel(honest.modelUri ?? '');
    expect(training).toMatchObject({ runId: honest.runId, modelUri: honest.modelUri, modelDigest });
    expect(versions['1']).toMatchObject({ runId: honest.runId, modelDigest, gate: { modelDigest } });
    expect(versions['1']?.package?.package).toBe(outputOf(run, 'build', 'package'));
    expect(versions['1']?.package?.package).not.toBe(lie);
    expect(environments[ENVIRONMENT]?.champion).toMatchObject({ version: '1' });
    const answer = await predict(world.host.dataPlane, MODEL, loadDigits(2));
    expect(answer).toMatchObject({ status: 200, version: '1' });
    expect(answer.correct).toBeGreaterThanOrEqual(15);
  });

  it('has a model whose bytes they change refused by name, and nothing more is registered or served', {
    timeout: CHAIN_MS,
  }, async () => {
    const before = new Set((await trainings()).map(({ runId }) => runId));
    const run = push({ 'again.txt': 'again\n' });
    const honest = await awaitTraining(run, ...before);
    await addToModel(honest.modelUri ?? '', 'code/__init__.py', 'import os\n');
    await world.sandbox.finished(run);

    expect(run.conclusion).toBe('failure');
    expect(outputOf(run, 'predict', 'result')).toContain('"model-altered"');
    const state = readLedgerState(world.sandbox.remote, MODEL);
    expect(Object.keys(state.versions)).toEqual(['1']);
    expect(environmentOf(state, ENVIRONMENT).champion?.version).toBe('1');
  });
});

function push(files: World['project']): WorkflowRun {
  const [run] = world.sandbox.push(files, { user: WRITER, message: 'Train' });
  if (run === undefined) throw new Error('the push started no workflow');
  return run;
}

function trainings(): Promise<readonly TrackingRun[]> {
  return mlflow.findRuns(MODEL, { 'trainyard.step': 'train' });
}

/** A run of the name that this push's training will have, done already. */
async function plantTraining(sha: string): Promise<TrackingRun> {
  const tags = {
    ...{ 'trainyard.correlation-id': `push-${sha}`, 'trainyard.sha': sha, 'trainyard.step': 'train' },
    // How MLflow 2 says that a run has logged a model.
    'mlflow.log-model.history': '[{"artifact_path":"model"}]',
  };
  const run = await mlflow.createRun({ experiment: MODEL, name: `train push-${sha}`, tags });
  await mlflow.endRun(run.runId, 'FINISHED');
  return run;
}

/** The training's own run, as soon as it has ended: from then on it is predicted with and judged. */
async function awaitTraining(run: WorkflowRun, ...others: readonly string[]): Promise<TrackingRun> {
  const own = async () =>
    (await trainings()).find(
      ({ runId, tags }) => !others.includes(runId) && tags['trainyard.seal.finished'] !== undefined,
    );
  await waitFor(
    async () => run.status === 'completed' || (await own()) !== undefined,
    'the training',
    TRAINING_MS,
  );
  const found = await own();
  if (found === undefined) throw new Error('the training left no run');
  return found;
}

/** A package of another model with that run, tagged as the run's own. Gives its name. */
async function plantPackage({ runId, modelUri = '' }: TrackingRun): Promise<string> {
  const modelDigest = (await mlflow.digestModel(modelUri)) ?? '';
  const built = buildPackage({ folder, model: MODEL, version: '1', runId, modelDigest });
  for (const { file } of built.files) {
    await mlflow.uploadArtifact(runId, `${packageFolder(built.manifest)}/${path.basename(file)}`, file);
  }
  const name = packageName(MODEL, built.manifest);
  await mlflow.setRunTags(runId, { 'trainyard.package': name, 'trainyard.package.version': '1' });
  return name;
}

/** Writes a file into a logged model, past MLflow's own client. */
async function addToModel(modelUri: string, file: string, content: string): Promise<void> {
  const { url } = world.mlflow;
  const id = modelUri.slice('models:/'.length);
  const logged = await (await fetch(`${url}/api/2.0/mlflow/logged-models/${id}`)).text();
  const root = /"artifact_uri":\s*"mlflow-artifacts:\/+(?<root>[^"]+)"/.exec(logged)?.groups?.['root'];
  const target = `${url}/api/2.0/mlflow-artifacts/artifacts/${root}/${file}`;
  const { status } = await fetch(target, { method: 'PUT', body: content });
  if (status !== 200) throw new Error(`MLflow answered ${status} for ${target}`);
}
