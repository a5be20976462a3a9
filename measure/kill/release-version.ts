import { rmSync } from 'node:fs';
import path from 'node:path';
import { packageFolder } from '../../core/identity/package-folder.ts';
import { packageName } from '../../core/identity/package-name.ts';
import { createEvent, type EventContext } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { ALIASES } from '../../core/names.ts';
import { ok } from '../../core/result.ts';
import { type Behaviour, buildPackage, type TinyPackage } from '../../sandbox/agent/build-package.ts';
import { ENVIRONMENT, type Lane } from './lane.ts';
import type { Grade } from './moment.ts';

/** What is large enough that its upload takes a while, in bytes. */
const PADDING_BYTES = 8_000_000;
const MODEL_DIGEST = `sha256:${'0'.repeat(64)}`;
/** What a version may be like: a candidate of a moment, or one that answers as fast as it can. */
type Nature = Grade | 'quick';

/** The time a prediction takes hides the machine's own moods; a bad version fails nine in ten. */
const BEHAVIOURS: Readonly<Record<Nature, Behaviour>> = {
  good: { delayMs: 15 },
  bad: { delayMs: 15, failShare: 0.9 },
  quick: { delayMs: 2 },
};

/** Where versions are released: a model's registry and ledger, and the repository that is said to have made them. */
type Workshop = Pick<Lane, 'model' | 'folder' | 'tracking' | 'ledger' | 'repository' | 'sha'>;

export type Released = {
  readonly version: string;
  readonly package: string;
  readonly digests: readonly string[];
};

/** Leaves behind what the jobs before `deploy` would have: a run with a package, a registered version, and their events. */
export async function releaseVersion(lane: Workshop, nature: Nature): Promise<Released> {
  const { tracking, model } = lane;
  const run = await tracking.createRun({ experiment: model, name: nature, tags: {} });
  const registered = await tracking.register(model, { ...run, modelUri: `runs:/${run.runId}/model` }, {});
  const { version } = registered;
  const folder = path.join(lane.folder, 'packages');
  const built = buildPackage({
    folder,
    model,
    version,
    runId: run.runId,
    behaviour: BEHAVIOURS[nature],
    withGolden: nature !== 'bad',
    paddingBytes: PADDING_BYTES,
  });
  const artifactPath = packageFolder(built.manifest);
  for (const { file } of built.files) {
    await tracking.uploadArtifact(run.runId, `${artifactPath}/${path.basename(file)}`, file);
  }
  rmSync(folder, { recursive: true });
  await tracking.setAlias(model, ALIASES.challenger, version);
  const appended = await lane.ledger.append(model, (state) => {
    const champion = environmentOf(state, ENVIRONMENT).champion?.version;
    return ok(eventsOf(lane, version, { runId: run.runId, artifactPath, built, champion }));
  });
  if (!appended.ok) throw new Error(appended.error.message);
  return {
    version,
    package: packageName(model, built.manifest),
    digests: built.files.map(({ digest }) => digest),
  };
}

function eventsOf(
  { model, repository, sha }: Workshop,
  version: string,
  {
    runId,
    artifactPath,
    built,
    champion,
  }: { runId: string; artifactPath: string; built: TinyPackage; champion: string | undefined },
): readonly LedgerEvent[] {
  const context: EventContext = {
    model,
    at: new Date().toISOString(),
    actor: 'ada',
    cause: { kind: 'manual', id: `train-${version}` },
    workflow: { repository: repository.fullName, run: version, attempt: 1, sha },
  };
  const judged = {
    runId,
    verdict: 'pass' as const,
    headline: 'It passed.',
    holdoutDigest: MODEL_DIGEST,
    evidenceDigest: MODEL_DIGEST,
    ...(champion !== undefined && { champion }),
  };
  const modelUri = `runs:/${runId}/model`;
  const name = packageName(model, built.manifest);
  return [
    createEvent(context, 'gate.judged', judged),
    createEvent(context, 'version.registered', { version, runId, modelUri, modelDigest: MODEL_DIGEST }),
    createEvent(context, 'package.built', {
      version,
      package: name,
      runId,
      artifactPath,
      sizeBytes: PADDING_BYTES,
    }),
  ];
}
