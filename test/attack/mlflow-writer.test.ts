import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll } from 'vitest';
import { buildTorchserve } from '../../actions/build-torchserve/build-torchserve.ts';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { register } from '../../actions/register/register.ts';
import { createPackageSource } from '../../actions/serving/package-source.ts';
import { train } from '../../actions/train/train.ts';
import { systemClock } from '../../adapters/clock.ts';
import { hashFile, hashText } from '../../adapters/data-digest.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { writeBatching } from '../../adapters/python/write-batching.ts';
import { readAnswers } from '../../adapters/read-answers.ts';
import { predictionsPath } from '../../core/gate/predictions-path.ts';
import { packageFolder } from '../../core/identity/package-folder.ts';
import { packageName } from '../../core/identity/package-name.ts';
import { buildPackage } from '../../sandbox/agent/build-package.ts';
import { venvProgram } from '../../sandbox/checkout.ts';
import { createGateBench, HELD, said, TRAINING } from '../actions/support/gate-bench.ts';
import { createTraining, DONE } from '../actions/support/training.ts';
import { useLedgerRemote } from '../adapters/support/ledger-remote.ts';
import { type LoggedRun, useAttackedMlflow } from './support/attacked-mlflow.ts';
import { codeOf } from './support/code-of.ts';
import { play } from './support/play.ts';

const mlflow = useAttackedMlflow();
const ledgers = useLedgerRemote();
const HOLDOUT = { path: 'holdout.csv', target: 'label', id: 'id', slices: [], metrics: {} };

/** Answers as the runtime writes them, by a model that is always right. */
const WRITE = `
import json, sys
import pyarrow as pa
import pyarrow.parquet as pq
file, model, holdout, names = sys.argv[1:]
about = {"schema": "trainyard.predictions/4", "task": "binary", "classes": ["a", "b"]}
about |= {"environment": {"kind": "runner", "python": "3.11.7", "differences": []}}
about |= {"closed": True, "answers": {"classes": ["a", "b"], "positive": "b"}, "inferred": ["task"]}
about |= {"modelDigest": model, "holdoutDigest": holdout}
names = names.split(",")
table = pa.table({"id": [str(row) for row in range(len(names))], "prediction": names})
pq.write_table(table.replace_schema_metadata({"trainyard": json.dumps(about)}), file)
`;

let holdoutDigest: string;
beforeAll(async () => {
  const rows = HELD.ids.map((id, row) => `${id},${HELD.truth.names[row]}`);
  holdoutDigest = await hashFile(mlflow.write('holdout.csv', `id,label\n${rows.join('\n')}\n`));
});

/** A model that was trained honestly, and the jobs behind that: real MLflow, holdout, answers and ledger. */
async function prepare(content: string, role: 'challenger' | 'champion' = 'challenger') {
  const tracking = mlflow.tracking();
  const trained = await mlflow.train(content);
  const answers = path.join(mlflow.folder, `${trained.runId}.parquet`);
  const args = [answers, trained.modelDigest, holdoutDigest, HELD.truth.names.join()];
  execFileSync(venvProgram('python'), ['-c', WRITE, ...args]);
  const bench = await createGateBench(970);
  const scratch = mkdtempSync(path.join(mlflow.folder, 'job-'));
  const ports = {
    ...{ ...bench.ports, tracking, hashFile, hashText, readAnswers, ledger: ledgers.openLedger() },
    readHoldout: () => readHoldout(mlflow.folder, HOLDOUT),
    tempPath: (name: string) => path.join(scratch, name),
    writeTemp: async (name: string, text: string) => mlflow.write(name, text),
    python: {
      ...bench.ports.python,
      evaluate: async ({ targets }: Parameters<typeof bench.ports.python.evaluate>[0]) =>
        Promise.all(
          targets.map(async ({ modelUri, predictions }) => {
            copyFileSync(answers, predictions);
            const modelDigest = (await tracking.digestModel(modelUri)) ?? '';
            return {
              task: 'binary' as const,
              rows: HELD.ids.length,
              metrics: {},
              modelDigest,
              holdoutDigest,
              box: 'namespaces' as const,
            };
          }),
        ),
    },
  };
  const champion = role === 'champion' ? { champion: { version: '1', ...trained } } : {};
  const request = {
    ...bench.request,
    ...{ runId: trained.runId, training: JSON.stringify({ ...TRAINING, ...trained }) },
    plan: { ...bench.request.plan, ...champion },
  };
  return { ...bench, trained, request, ports, tracking };
}

/** The digest that the job gives out which predicts. */
async function predictWith({ request, ports }: Awaited<ReturnType<typeof prepare>>): Promise<string> {
  return (await evaluateGate('predict', request, ports)).outputs.predictions ?? '';
}

/** Which model the versions on record are. */
async function registeredIn({ ports, trained }: Awaited<ReturnType<typeof prepare>>): Promise<string> {
  const uris = Object.values((await ports.ledger.read('mnist')).versions).map(({ modelUri }) => modelUri);
  return uris.join() === trained.modelUri ? 'the trained model' : uris.join();
}

play('M1', async () => {
  const bench = createTraining();
  const { plan } = bench.request;
  const tags = {
    'trainyard.correlation-id': plan.correlationId,
    'trainyard.step': 'train',
    'trainyard.sha': plan.sha,
  };
  const seals = { 'trainyard.seal.opened': 'x', 'trainyard.seal.finished': 'x' };
  const planted = await mlflow.createRun({ ...tags, ...seals });
  await mlflow.logModel(planted.runId, 'poison');
  await mlflow.tracking().endRun(planted.runId, 'FINISHED');
  const project = {
    run: async ({ runId }: { readonly runId: string }) => {
      await mlflow.logModel(runId, 'honest');
      return DONE;
    },
  };
  const writeTemp = async (name: string, text: string) => mlflow.write(name, text);
  // Beside a real server time is real: a clock that is moved by waiting would run away from its answers.
  const ports = { ...bench.ports, clock: systemClock, tracking: mlflow.tracking(), project, writeTemp };
  const { reasonCode, outputs } = await train({ ...bench.request, holder: { round: 0, attempt: 2 } }, ports);
  return outputs['run-id'] === planted.runId ? 'believed' : reasonCode;
});

play('M2', async () => {
  const job = await prepare('model of M2');
  const { trained, tracking } = job;
  const forged = mlflow.write('forged.parquet', 'forged');
  const place = predictionsPath(trained.modelUri, holdoutDigest, await hashFile(forged));
  await tracking.uploadArtifact(trained.runId, place, forged);
  return (await evaluateGate('predict', job.request, job.ports)).reasonCode;
});

play('M3', async () => {
  const job = await prepare('model of M3');
  const digest = await predictWith(job);
  const place = predictionsPath(job.trained.modelUri, holdoutDigest, digest);
  await job.tracking.uploadArtifact(job.trained.runId, place, mlflow.write('forged.parquet', 'forged'));
  return codeOf(evaluateGate('judge', { ...job.request, predictions: said(digest, '') }, job.ports));
});

play('M4', async () => {
  const job = await prepare('model of M4');
  const digest = await predictWith(job);
  await mlflow.overwrite(job.trained.modelUri, 'weights', 'poison');
  return codeOf(evaluateGate('judge', { ...job.request, predictions: said(digest, '') }, job.ports));
});

play('M5', async () => {
  const job = await prepare('model of M5');
  await mlflow.logModel(job.trained.runId, 'poison');
  await evaluateGate('both', job.request, job.ports);
  await register(job.request, job.ports);
  return registeredIn(job);
});

play('M6', async () => {
  const job = await prepare('model of M6');
  await evaluateGate('both', job.request, job.ports);
  await mlflow.overwrite(job.trained.modelUri, 'code.py', 'import os');
  return codeOf(register(job.request, job.ports));
});

/** A package that says it is the model's, put with its run. Gives its files and its name. */
async function plantPackage({ runId, modelDigest }: LoggedRun) {
  const built = buildPackage({ folder: mlflow.folder, model: 'mnist', version: '1', runId, modelDigest });
  const folder = packageFolder(built.manifest);
  for (const { file } of built.files)
    await mlflow.tracking().uploadArtifact(runId, `${folder}/${path.basename(file)}`, file);
  return { built, folder, name: packageName('mnist', built.manifest) };
}

play('M7', async () => {
  const { trained, request, ports, tracking } = await prepare('model of M7');
  const { name } = await plantPackage(trained);
  mlflow.write('trainyard.json', '{}');
  await tracking.setRunTags(trained.runId, { 'trainyard.package': name, 'trainyard.package.version': '1' });
  const registered = { ...({ schema_version: 1, action: 'register', version: '1' } as const), ...trained };
  const { reasonCode } = await buildTorchserve(
    { config: { ...request.config, gate: [] }, registered },
    {
      fetchData: async () => undefined,
      ...{ tracking, log: ports.log, listFiles: async () => [], packageFolder: async () => mlflow.folder },
      writeBatching,
      python: {
        ...ports.python,
        measurePackage: async () => [],
        buildPackage: async () => ({
          ...{ manifestDigest: hashText('honest'), sizeBytes: 1, format: 'pyfunc' },
          box: 'namespaces',
        }),
      },
    },
  );
  return reasonCode;
});

play('M8', async () => {
  const trained = await mlflow.train('model of M8');
  const { built, folder, name } = await plantPackage(trained);
  const tracking = mlflow.tracking();
  const source = createPackageSource({
    ...{ tracking, folder: mkdtempSync(path.join(mlflow.folder, 'fetched-')), hashFile },
    readText: async (file) => readFileSync(file, 'utf8'),
  });
  const place = { package: name, runId: trained.runId, artifactPath: folder };
  await source.fetch(place);
  const archive =
    built.files.map(({ file }) => path.basename(file)).find((file) => file.endsWith('.mar')) ?? '';
  await tracking.uploadArtifact(trained.runId, `${folder}/${archive}`, mlflow.write('evil.mar', 'evil'));
  return codeOf(source.fetch(place));
});

play('M9', async () => {
  const job = await prepare('model of M9');
  await evaluateGate('both', job.request, job.ports);
  const poison = await mlflow.train('poison');
  const wanted = { runId: job.trained.runId, modelUri: poison.modelUri };
  await job.tracking.register('mnist', wanted, {});
  await register(job.request, job.ports);
  return registeredIn(job);
});

play('M10', async () => {
  const job = await prepare('model of M10', 'champion');
  const { outputs } = await evaluateGate('predict-champion', job.request, job.ports);
  const digest = outputs.predictions ?? '';
  const kept = { holdoutDigest, digest, box: 'namespaces' as const };
  const champion = { version: '1', ...job.trained, predictions: kept };
  const request = { ...job.request, plan: { ...job.request.plan, champion } };
  const again = await evaluateGate('predict-champion', request, job.ports);
  if (again.reasonCode !== 'already-predicted') return again.reasonCode;
  const place = predictionsPath(job.trained.modelUri, holdoutDigest, digest);
  await job.tracking.uploadArtifact(job.trained.runId, place, mlflow.write('forged.parquet', 'forged'));
  return (await evaluateGate('predict-champion', request, job.ports)).reasonCode;
});

play('P13', async () => {
  const job = await prepare('model of P13', 'champion');
  await mlflow.overwrite(job.trained.modelUri, 'weights', 'weaker');
  return codeOf(evaluateGate('predict-champion', job.request, job.ports));
});
