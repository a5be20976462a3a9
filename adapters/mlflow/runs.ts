import { z } from 'zod';
import { toInstant } from '../../core/instant.ts';
import type { LoggedModel, NewRun, RunStatus, TrackingRun } from '../../core/ports.ts';
import { isMissing, isPresent, type MlflowClient } from './client.ts';

const pairs = z.array(z.object({ key: z.string(), value: z.string().default('') })).default([]);
const runSchema = z.object({
  info: z.object({
    run_id: z.string(),
    experiment_id: z.string(),
    status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
    artifact_uri: z.string(),
    end_time: z.coerce.number().nullish(),
  }),
  data: z
    .object({
      metrics: z.array(z.object({ key: z.string(), value: z.number().catch(Number.NaN) })).default([]),
      params: pairs,
      tags: pairs,
    })
    .default({ metrics: [], params: [], tags: [] }),
  outputs: z
    .object({
      model_outputs: z
        .array(z.object({ model_id: z.string(), step: z.coerce.number().default(0) }))
        .default([]),
    })
    .default({ model_outputs: [] }),
});
type MlflowRun = z.infer<typeof runSchema>;

const runAnswer = z.object({ run: runSchema });
const experimentAnswer = z.object({ experiment: z.object({ experiment_id: z.string() }) });
const modelAnswer = z.object({
  model: z.object({
    info: z.object({
      artifact_uri: z.string(),
      source_run_id: z.string().optional(),
      creation_timestamp_ms: z.coerce.number().default(0),
    }),
  }),
});
const nothing = z.unknown();

/** MLflow takes at most this many tags, and as many parameters, in one `log-batch`. */
const MAX_BATCH = 100;
/** Limits of MLflow on other texts, in characters. */
const MAX_PARAMETER = 6_000;
const MAX_DATASET_NAME = 500;
const MAX_DIGEST = 36;

/** The id of the experiment of this name, made when it is missing. */
async function ensureExperiment(client: MlflowClient, name: string): Promise<string> {
  const found = await findExperiment(client, name);
  if (found !== undefined) return found;
  const created = await client.find({
    method: 'POST',
    path: 'experiments/create',
    json: { name },
    answer: z.object({ experiment_id: z.string() }),
    absent: isPresent,
  });
  const id = created?.experiment_id ?? (await findExperiment(client, name));
  if (id === undefined) throw new Error(`The experiment ${name} was neither created nor found.`);
  return id;
}

/** Opens a run with tags; a parent makes it a nested run. */
export async function createRun(client: MlflowClient, request: NewRun): Promise<TrackingRun> {
  const experimentId = await ensureExperiment(client, request.experiment);
  const parent = request.parentRunId === undefined ? {} : { 'mlflow.parentRunId': request.parentRunId };
  const tags = { 'mlflow.runName': request.name, ...parent, ...request.tags };
  const { run } = await client.call({
    method: 'POST',
    path: 'runs/create',
    json: {
      experiment_id: experimentId,
      run_name: request.name,
      start_time: Date.now(),
      tags: toPairs(tags),
    },
    answer: runAnswer,
    idempotent: false,
  });
  return toTrackingRun(client, run);
}

/** Closes a run in the given state. */
export async function endRun(client: MlflowClient, runId: string, status: RunStatus): Promise<void> {
  const json = { run_id: runId, status, end_time: Date.now() };
  await client.call({ method: 'POST', path: 'runs/update', json, answer: nothing });
}

/** A run by its id. */
export async function getRun(client: MlflowClient, runId: string): Promise<TrackingRun> {
  return toTrackingRun(client, await readRun(client, runId));
}

/** Where the artifacts of a run lie. */
export async function getArtifactRoot(client: MlflowClient, runId: string): Promise<string> {
  return (await readRun(client, runId)).info.artifact_uri;
}

/** The same; `undefined` when the server has no such run. */
export async function findArtifactRoot(client: MlflowClient, runId: string): Promise<string | undefined> {
  const found = await client.find({ ...askRun(runId), absent: isMissing });
  return found?.run.info.artifact_uri;
}

/** The runs of an experiment that carry all these tags, newest first. */
export async function findRuns(
  client: MlflowClient,
  experiment: string,
  tags: Readonly<Record<string, string>>,
): Promise<readonly TrackingRun[]> {
  const experimentId = await findExperiment(client, experiment);
  if (experimentId === undefined) return [];
  const filter = Object.entries(tags)
    .map(([key, value]) => `tags.\`${key}\` = ${quote(value)}`)
    .join(' and ');
  const { runs } = await client.call({
    method: 'POST',
    path: 'runs/search',
    json: {
      experiment_ids: [experimentId],
      filter,
      max_results: 100,
      order_by: ['attributes.start_time DESC'],
    },
    answer: z.object({ runs: z.array(runSchema).default([]) }),
  });
  return Promise.all(runs.map((run) => toTrackingRun(client, run)));
}

/** Adds or replaces tags of a run. */
export async function setRunTags(
  client: MlflowClient,
  runId: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const all = toPairs(tags);
  for (let from = 0; from < all.length; from += MAX_BATCH) {
    const json = { run_id: runId, tags: all.slice(from, from + MAX_BATCH) };
    await client.call({ method: 'POST', path: 'runs/log-batch', json, answer: nothing });
  }
}

/** Adds parameters to a run; a value that is longer than MLflow takes is cut. */
export async function logParameters(
  client: MlflowClient,
  runId: string,
  parameters: Readonly<Record<string, string>>,
): Promise<void> {
  const all = toPairs(parameters).map(({ key, value }) => ({ key, value: value.slice(0, MAX_PARAMETER) }));
  for (let from = 0; from < all.length; from += MAX_BATCH) {
    const json = { run_id: runId, params: all.slice(from, from + MAX_BATCH) };
    await client.call({ method: 'POST', path: 'runs/log-batch', json, answer: nothing });
  }
}

/** Shows with a run what it was trained on, as `mlflow.log_input` does. */
export async function logDataset(
  client: MlflowClient,
  runId: string,
  { name, digest, source }: { readonly name: string; readonly digest: string; readonly source: object },
): Promise<void> {
  const dataset = {
    ...{ name: name.slice(0, MAX_DATASET_NAME), digest: digest.replace('sha256:', '').slice(0, MAX_DIGEST) },
    ...{ source_type: 'git', source: JSON.stringify(source) },
  };
  const tags = [{ key: 'mlflow.data.context', value: 'training' }];
  const json = { run_id: runId, datasets: [{ tags, dataset }] };
  await client.call({ method: 'POST', path: 'runs/log-inputs', json, answer: nothing });
}

/** What a logged model is, and where its files lie; `undefined` when the server has no such model. */
export async function findModel(
  client: MlflowClient,
  modelUri: string,
): Promise<(Omit<LoggedModel, 'hasSignature'> & { readonly artifactRoot: string }) | undefined> {
  const modelId = modelIdOf(modelUri);
  if (modelId !== undefined) {
    const info = await findLogged(client, modelId);
    return info && { modelUri, runId: info.source_run_id, artifactRoot: info.artifact_uri };
  }
  const match = /^runs:\/+(?<runId>[^/]+)\/(?<path>.+)$/.exec(modelUri)?.groups;
  if (match?.['runId'] === undefined) return undefined;
  const root = await getArtifactRoot(client, match['runId']);
  return { modelUri, runId: match['runId'], artifactRoot: `${root}/${match['path']}` };
}

async function findLogged(client: MlflowClient, modelId: string) {
  const found = await client.find({
    method: 'GET',
    path: `logged-models/${encodeURIComponent(modelId)}`,
    answer: modelAnswer,
    absent: isMissing,
  });
  return found?.model.info;
}

/** The id in `models:/m-…`; `undefined` for any other URI. */
export function modelIdOf(modelUri: string): string | undefined {
  return /^models:\/+(?<id>m-[^/@]+)$/.exec(modelUri)?.groups?.['id'];
}

async function findExperiment(client: MlflowClient, name: string): Promise<string | undefined> {
  const found = await client.find({
    method: 'GET',
    path: 'experiments/get-by-name',
    query: { experiment_name: name },
    answer: experimentAnswer,
    absent: isMissing,
  });
  return found?.experiment.experiment_id;
}

async function readRun(client: MlflowClient, runId: string): Promise<MlflowRun> {
  return (await client.call(askRun(runId))).run;
}

function askRun(runId: string) {
  return { method: 'GET', path: 'runs/get', query: { run_id: runId }, answer: runAnswer } as const;
}

async function toTrackingRun(client: MlflowClient, run: MlflowRun): Promise<TrackingRun> {
  const { info, data } = run;
  return {
    runId: info.run_id,
    status: info.status,
    ...(info.end_time != null && info.end_time > 0 && { endedAt: toInstant(info.end_time) }),
    metrics: Object.fromEntries(data.metrics.map(({ key, value }) => [key, value])),
    parameters: Object.fromEntries(data.params.map(({ key, value }) => [key, value])),
    tags: Object.fromEntries(data.tags.map(({ key, value }) => [key, value])),
    url: `${client.uri}/#/experiments/${info.experiment_id}/runs/${info.run_id}`,
    modelUri: await findLastModel(client, run),
  };
}

/**
 * The model a run logged last: MLflow 3 lists it among the outputs, MLflow 2 in a tag. The outputs come in the order of their random ids:
 * of several of one step, that is the one that was made last.
 */
async function findLastModel(
  client: MlflowClient,
  { info, data, outputs }: MlflowRun,
): Promise<string | undefined> {
  const last = Math.max(...outputs.model_outputs.map(({ step }) => step));
  const latest = outputs.model_outputs.filter(({ step }) => step === last).map(({ model_id }) => model_id);
  const [only, ...more] = latest;
  if (only !== undefined) return `models:/${more.length === 0 ? only : await findNewest(client, latest)}`;
  const history = data.tags.find(({ key }) => key === 'mlflow.log-model.history')?.value;
  const logged = historySchema.safeParse(history);
  const path = logged.success ? logged.data.at(-1)?.artifact_path : undefined;
  return path === undefined ? undefined : `runs:/${info.run_id}/${path}`;
}

async function findNewest(client: MlflowClient, modelIds: readonly string[]): Promise<string> {
  const dated = await Promise.all(
    modelIds.map(async (id) => ({ id, at: (await findLogged(client, id))?.creation_timestamp_ms ?? 0 })),
  );
  return dated.reduce((best, one) => (one.at >= best.at ? one : best)).id;
}

const historySchema = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(z.object({ artifact_path: z.string() })));

/** MLflow's filters know no escapes, only two kinds of quotes. */
function quote(value: string): string {
  return value.includes("'") ? `"${value.replaceAll('"', '')}"` : `'${value}'`;
}

function toPairs(tags: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
