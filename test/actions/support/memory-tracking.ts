import { digestHex } from '../../../core/identity/digest.ts';
import type { NewRun, RegisteredVersion, Tracking, TrackingRun } from '../../../core/ports.ts';
import { digestOf } from './memory-agent.ts';

/** MLflow in memory, as far as the flows use it. */
export type MemoryTracking = Tracking & {
  readonly runs: Map<string, TrackingRun>;
  readonly artifacts: Map<string, string>;
  readonly aliases: Map<string, string>;
  readonly versions: Map<string, RegisteredVersion>;
  readonly versionTags: Map<string, Readonly<Record<string, string>>>;
  /** Run and name of each dataset that was logged. */
  readonly datasets: (readonly [runId: string, name: string])[];
  /** Digests of what logged models' bytes are now, by URI; of any other, that of its URI. */
  readonly modelDigests: Map<string, string>;
  /** The texts of files that every model has, by path. */
  readonly modelFiles: Map<string, string>;
  /** Whether logged models have a signature. */
  hasSignature: boolean;
};

/** An MLflow without runs. Artifacts are remembered by the path of the file they came from. */
export function createMemoryTracking(): MemoryTracking {
  const tracking: MemoryTracking = {
    uri: 'http://mlflow.test',
    runs: new Map(),
    artifacts: new Map(),
    aliases: new Map(),
    versions: new Map(),
    versionTags: new Map(),
    datasets: [],
    modelDigests: new Map(),
    modelFiles: new Map(),
    hasSignature: true,
    check: async () => undefined,
    checkArtifacts: async () => undefined,
    createRun: async (request) => addRun(tracking, request),
    endRun: async (runId, status) => change(tracking, runId, { status }),
    getRun: async (runId) => requireRun(tracking, runId),
    findRuns: async (_experiment, tags) =>
      [...tracking.runs.values()]
        .reverse()
        .filter((run) => Object.entries(tags).every(([key, value]) => run.tags[key] === value)),
    setRunTags: async (runId, tags) =>
      change(tracking, runId, { tags: { ...requireRun(tracking, runId).tags, ...tags } }),
    logParameters: async (runId, parameters) =>
      change(tracking, runId, { parameters: { ...requireRun(tracking, runId).parameters, ...parameters } }),
    logDataset: async (runId, { name }) => {
      tracking.datasets.push([runId, name]);
    },
    uploadArtifact: async (runId, path, file) => {
      tracking.artifacts.set(`${runId}/${path}`, file);
    },
    downloadArtifact: async (runId, path) => {
      if (!tracking.artifacts.has(`${runId}/${path}`)) throw new Error(`${runId} has no artifact ${path}`);
    },
    listArtifacts: async (runId, path) =>
      [...tracking.artifacts.keys()]
        .filter((key) => key.startsWith(`${runId}/${path}/`))
        .map((key) => key.slice(runId.length + 1)),
    getModel: async (modelUri) => ({ modelUri, runId: undefined, hasSignature: tracking.hasSignature }),
    digestModel: async (modelUri) => tracking.modelDigests.get(modelUri) ?? digestOf(modelUri),
    readModelContent: async (modelUri) => ({
      digest: tracking.modelDigests.get(modelUri) ?? digestOf(modelUri),
      files: new Map([...tracking.modelFiles].map(([file, text]) => [file, digestHex(digestOf(text))])),
    }),
    readModelText: async (_modelUri, path) => tracking.modelFiles.get(path),
    register: async (model, source, tags) => {
      const registered = addVersion(tracking, model, source);
      const key = `${model}/${registered.version}`;
      tracking.versionTags.set(key, { ...tracking.versionTags.get(key), ...tags });
      return registered;
    },
    setVersionTags: async (model, version, tags) => {
      const key = `${model}/${version}`;
      tracking.versionTags.set(key, { ...tracking.versionTags.get(key), ...tags });
    },
    getAlias: async (_model, alias) => tracking.aliases.get(alias),
    setAlias: async (_model, alias, version) => {
      if (version === undefined) tracking.aliases.delete(alias);
      else tracking.aliases.set(alias, version);
    },
  };
  return tracking;
}

function addRun({ runs }: MemoryTracking, { tags, name }: NewRun): TrackingRun {
  const runId = `run-${runs.size + 1}`;
  const run: TrackingRun = {
    runId,
    status: 'RUNNING',
    metrics: {},
    parameters: {},
    tags: { ...tags, 'mlflow.runName': name },
    url: `http://mlflow.test/#/${runId}`,
    modelUri: undefined,
  };
  runs.set(runId, run);
  return run;
}

function addVersion(
  tracking: MemoryTracking,
  model: string,
  source: Pick<RegisteredVersion, 'modelUri' | 'runId'>,
): RegisteredVersion {
  const known = [...tracking.versions.values()].find(({ runId }) => runId === source.runId);
  if (known !== undefined) return known;
  const version = String(tracking.versions.size + 1);
  const registered = { version, ...source, status: 'READY' as const };
  tracking.versions.set(`${model}/${version}`, registered);
  return registered;
}

function requireRun({ runs }: MemoryTracking, runId: string): TrackingRun {
  const run = runs.get(runId);
  if (run === undefined) throw new Error(`There is no run ${runId}.`);
  return run;
}

function change(tracking: MemoryTracking, runId: string, changes: Partial<TrackingRun>): void {
  tracking.runs.set(runId, { ...requireRun(tracking, runId), ...changes });
}
