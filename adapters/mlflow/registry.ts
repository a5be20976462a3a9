import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { addSeconds, isAfter } from '../../core/instant.ts';
import type { Clock, ModelSource, RegisteredVersion } from '../../core/ports.ts';
import { isMissing, isPresent, type MlflowClient } from './client.ts';
import { modelIdOf } from './runs.ts';

/** How long a version may take to become READY, in s. */
const READY_TIMEOUT_SECONDS = 600;
/** How often to look, in ms. */
const READY_POLL_MS = 1_000;

const modelVersionSchema = z.object({
  version: z.coerce.string(),
  run_id: z.string().default(''),
  source: z.string().default(''),
  status: z.enum(['PENDING_REGISTRATION', 'FAILED_REGISTRATION', 'READY']).default('READY'),
  status_message: z.string().optional(),
});
const versionAnswer = z.object({ model_version: modelVersionSchema });
const nothing = z.unknown();

/** What becomes the next version of which model, and its tags. */
type Registration = {
  readonly model: string;
  readonly source: ModelSource;
  readonly tags: Readonly<Record<string, string>>;
};

/** A version of a registered model. */
type VersionPlace = { readonly model: string; readonly version: string };

/** Registers a logged model as the next version of `model` unless its run already made one, and waits until it is READY. */
export async function registerVersion(
  client: MlflowClient,
  clock: Clock,
  { model, source, tags }: Registration,
): Promise<RegisteredVersion> {
  await ensureModel(client, model);
  const found = await findVersionOf(client, model, source);
  const { version } = found ?? (await createVersion(client, model, source));
  await setVersionTags(client, { model, version }, tags);
  return waitUntilReady(client, clock, { model, version });
}

async function getVersion(
  client: MlflowClient,
  model: string,
  version: string,
): Promise<RegisteredVersion | undefined> {
  const found = await client.find({
    method: 'GET',
    path: 'model-versions/get',
    query: { name: model, version },
    answer: versionAnswer,
    absent: isMissing,
  });
  return found && toRegistered(found.model_version);
}

/** Adds or replaces tags of a version. */
export async function setVersionTags(
  client: MlflowClient,
  { model, version }: VersionPlace,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [key, value] of Object.entries(tags)) {
    const json = { name: model, version, key, value };
    await client.call({ method: 'POST', path: 'model-versions/set-tag', json, answer: nothing });
  }
}

/** The version an alias points at. Read by alias: search results leave aliases out. */
export async function getAlias(
  client: MlflowClient,
  model: string,
  alias: string,
): Promise<string | undefined> {
  const found = await client.find({
    method: 'GET',
    path: 'registered-models/alias',
    query: { name: model, alias },
    answer: versionAnswer,
    absent: isMissing,
  });
  return found?.model_version.version;
}

/** Points an alias at a version, or removes it. */
export async function setAlias(
  client: MlflowClient,
  { model, alias }: { readonly model: string; readonly alias: string },
  version: string | undefined,
): Promise<void> {
  if (version !== undefined) {
    const json = { name: model, alias, version };
    await client.call({ method: 'POST', path: 'registered-models/alias', json, answer: nothing });
    return;
  }
  await client.find({
    method: 'DELETE',
    path: 'registered-models/alias',
    json: { name: model, alias },
    answer: nothing,
    absent: isMissing,
  });
}

async function ensureModel(client: MlflowClient, model: string): Promise<void> {
  await client.find({
    method: 'POST',
    path: 'registered-models/create',
    json: { name: model },
    answer: nothing,
    absent: isPresent,
  });
}

async function findVersionOf(
  client: MlflowClient,
  model: string,
  source: ModelSource,
): Promise<RegisteredVersion | undefined> {
  const { model_versions: versions } = await client.call({
    method: 'GET',
    path: 'model-versions/search',
    query: { filter: `name='${model}' and run_id='${source.runId}'`, max_results: '100' },
    answer: z.object({ model_versions: z.array(modelVersionSchema).default([]) }),
  });
  const same = versions.find((version) => version.source === source.modelUri);
  return same && toRegistered(same);
}

async function createVersion(
  client: MlflowClient,
  model: string,
  { modelUri, runId }: ModelSource,
): Promise<RegisteredVersion> {
  const modelId = modelIdOf(modelUri);
  const answer = await client.call({
    method: 'POST',
    path: 'model-versions/create',
    json: {
      name: model,
      source: modelUri,
      run_id: runId,
      ...(modelId !== undefined && { model_id: modelId }),
    },
    answer: versionAnswer,
    // A second attempt would make a second version of the same run.
    idempotent: false,
  });
  return toRegistered(answer.model_version);
}

async function waitUntilReady(
  client: MlflowClient,
  clock: Clock,
  { model, version }: VersionPlace,
): Promise<RegisteredVersion> {
  const deadline = addSeconds(clock.now(), READY_TIMEOUT_SECONDS);
  for (;;) {
    const found = await getVersion(client, model, version);
    if (found?.status === 'READY') return found;
    if (found?.status === 'FAILED_REGISTRATION' || isAfter(clock.now(), deadline)) {
      throw new UserError([
        {
          code: 'registration-failed',
          message: `MLflow did not make version ${version} of ${model} ready (${found?.status ?? 'it is gone'}).`,
          remedy:
            'Look at the version in the registry and at the server log, delete the version, then run this again.',
          where: { kind: 'endpoint', endpoint: `${client.uri}/#/models/${model}/versions/${version}` },
        },
      ]);
    }
    await clock.wait(READY_POLL_MS);
  }
}

function toRegistered(version: z.infer<typeof modelVersionSchema>): RegisteredVersion {
  return {
    version: version.version,
    runId: version.run_id,
    modelUri: version.source,
    status: version.status,
  };
}
