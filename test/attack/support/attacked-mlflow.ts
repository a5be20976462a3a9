import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../../adapters/clock.ts';
import { createMlflowClient } from '../../../adapters/mlflow/client.ts';
import { createMlflow } from '../../../adapters/mlflow/tracking.ts';
import { requestBytes } from '../../../adapters/network/http.ts';
import type { Tracking, TrackingRun } from '../../../core/ports.ts';
import { venvProgram } from '../../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../../sandbox/machine/mlflow-server.ts';

const SIGNED = `signature:
  inputs: '[{"type": "double", "name": "x"}]'
  outputs: '[{"type": "double"}]'
`;
const loggedSchema = z.object({
  model: z.object({ info: z.object({ model_id: z.string(), artifact_uri: z.string() }) }),
});
const experimentSchema = z.object({ experiment: z.object({ experiment_id: z.string() }) });

/** A run with a model that is logged with it. */
export type LoggedRun = { readonly runId: string; readonly modelUri: string; readonly modelDigest: string };

/** A real MLflow, and what anybody can do there who may write to it. */
export function useAttackedMlflow() {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-mlflow-attack-'));
  let server: MlflowServer | undefined;
  let tracking: Tracking;
  beforeAll(async () => {
    server = await startMlflow({ python: venvProgram('python'), folder, env: process.env });
    tracking = createMlflow({ uri: server.url }, systemClock);
  }, 120_000);
  afterAll(async () => {
    await server?.child.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const client = () => createMlflowClient({ uri: server?.url ?? '' });
  /** Writes a file into a logged model, past MLflow's own client. */
  const overwrite = async (modelUri: string, file: string, content: string): Promise<void> => {
    const path = `logged-models/${modelUri.slice('models:/'.length)}`;
    const logged = await client().call({ method: 'GET', path, answer: loggedSchema });
    const root = logged.model.info.artifact_uri.replace(/^mlflow-artifacts:\/+/, '');
    const url = `${client().uri}/api/2.0/mlflow-artifacts/artifacts/${root}/${file}`;
    await requestBytes({ method: 'PUT', url, body: content });
  };
  /** Logs a model of this content with a run, as a training does. Gives its URI. */
  const logModel = async (runId: string, content: string): Promise<string> => {
    const { experiment } = await client().call({
      ...{ method: 'GET', path: 'experiments/get-by-name', query: { experiment_name: 'mnist' } },
      answer: experimentSchema,
    });
    const { info } = (
      await client().call({
        ...{ method: 'POST', path: 'logged-models', answer: loggedSchema },
        json: { experiment_id: experiment.experiment_id, name: 'model', source_run_id: runId },
      })
    ).model;
    const modelUri = `models:/${info.model_id}`;
    await overwrite(modelUri, 'MLmodel', SIGNED);
    await overwrite(modelUri, 'weights', content);
    const json = { run_id: runId, models: [{ model_id: info.model_id, step: 0 }] };
    await client().call({ method: 'POST', path: 'runs/outputs', json, answer: z.unknown() });
    return modelUri;
  };
  return {
    ...{ folder, overwrite, logModel },
    tracking: () => tracking,
    /** A path in the folder, with this text in the file. */
    write: (name: string, text: string): string => {
      const file = path.join(folder, name);
      writeFileSync(file, text);
      return file;
    },
    createRun: (tags: Readonly<Record<string, string>> = {}): Promise<TrackingRun> =>
      tracking.createRun({ experiment: 'mnist', name: 'train', tags }),
    /** An honest training's run and model. */
    train: async (content: string): Promise<LoggedRun> => {
      const { runId } = await tracking.createRun({ experiment: 'mnist', name: 'train', tags: {} });
      const modelUri = await logModel(runId, content);
      await tracking.endRun(runId, 'FINISHED');
      return { runId, modelUri, modelDigest: (await tracking.digestModel(modelUri)) ?? '' };
    },
  };
}
