import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { optional } from '../../core/config/optional.ts';
import type { Clock, LoggedModel, Tracking } from '../../core/ports.ts';
import { requestText } from '../network/http.ts';
import {
  downloadArtifact,
  listArtifacts,
  readArtifact,
  requireProxied,
  uploadArtifact,
} from './artifacts.ts';
import { createMlflowClient, type MlflowClient, type MlflowOptions, remediesOf } from './client.ts';
import { readModelContent } from './model-digest.ts';
import { getAlias, registerVersion, setAlias, setVersionTags } from './registry.ts';
import {
  createRun,
  endRun,
  findArtifactRoot,
  findModel,
  findRuns,
  getArtifactRoot,
  getRun,
  logDataset,
  logParameters,
  setRunTags,
} from './runs.ts';

const mlmodelSchema = z.object({
  signature: z.object({ inputs: z.unknown(), outputs: z.unknown().optional() }).nullish(),
});

/** MLflow's tracking server and model registry over REST, for MLflow 3 (models of MLflow 2 runs are read too). */
export function createMlflow(options: MlflowOptions, clock: Clock): Tracking {
  const client = createMlflowClient(options);
  const rootOf = rememberRoots(client);
  return {
    uri: client.uri,
    check: async () => {
      const url = `${client.uri}/health`;
      await requestText({ url, headers: client.headers, ...remediesOf(client.uri) }, client.http);
    },
    checkArtifacts: async (runId) => requireProxied(client, await rootOf(runId)),
    createRun: (request) => createRun(client, request),
    endRun: (runId, status) => endRun(client, runId, status),
    getRun: (runId) => getRun(client, runId),
    findRuns: (experiment, tags) => findRuns(client, experiment, tags),
    setRunTags: (runId, tags) => setRunTags(client, runId, tags),
    logParameters: (runId, parameters) => logParameters(client, runId, parameters),
    logDataset: (runId, dataset) => logDataset(client, runId, dataset),
    uploadArtifact: async (runId, path, file) =>
      uploadArtifact(client, { root: await rootOf(runId), path }, file),
    downloadArtifact: async (runId, path, file) =>
      downloadArtifact(client, { root: await rootOf(runId), path }, file),
    listArtifacts: async (runId, path) => {
      const root = await findArtifactRoot(client, runId);
      return root === undefined ? [] : listArtifacts(client, root, path);
    },
    getModel: (modelUri) => getModel(client, modelUri),
    digestModel: async (modelUri) => {
      const model = await findModel(client, modelUri);
      return model && (await readModelContent(client, model.artifactRoot)).digest;
    },
    readModelContent: async (modelUri) => {
      const model = await findModel(client, modelUri);
      return model && readModelContent(client, model.artifactRoot);
    },
    readModelText: async (modelUri, path) => {
      const model = await findModel(client, modelUri);
      const bytes = model && (await readArtifact(client, model.artifactRoot, path));
      return bytes && Buffer.from(bytes).toString('utf8');
    },
    register: (model, source, tags) => registerVersion(client, clock, { model, source, tags }),
    setVersionTags: (model, version, tags) => setVersionTags(client, { model, version }, tags),
    getAlias: (model, alias) => getAlias(client, model, alias),
    setAlias: (model, alias, version) => setAlias(client, { model, alias }, version),
  };
}

/** The artifact root of a run never changes, so it is asked for once. */
function rememberRoots(client: MlflowClient): (runId: string) => Promise<string> {
  const roots = new Map<string, Promise<string>>();
  return (runId) => {
    const known = roots.get(runId) ?? getArtifactRoot(client, runId);
    roots.set(runId, known);
    return known;
  };
}

async function getModel(client: MlflowClient, modelUri: string): Promise<LoggedModel | undefined> {
  const model = await findModel(client, modelUri);
  if (model === undefined) return undefined;
  const bytes = await readArtifact(client, model.artifactRoot, 'MLmodel');
  const parsed = mlmodelSchema.safeParse(bytes && parseYaml(Buffer.from(bytes).toString('utf8')));
  const signature = parsed.success ? parsed.data.signature : undefined;
  const hasSignature = signature?.inputs !== undefined && signature.inputs !== null;
  return { modelUri, runId: model.runId, hasSignature, ...optional('signature', textsOf(signature)) };
}

/** MLflow writes the parts of a signature as texts; another form is for nobody to read. */
function textsOf(signature: z.infer<typeof mlmodelSchema>['signature']): LoggedModel['signature'] {
  const { inputs, outputs } = signature ?? {};
  if (typeof inputs !== 'string') return undefined;
  return { inputs, ...(typeof outputs === 'string' && { outputs }) };
}
