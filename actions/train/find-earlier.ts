import { boxLevelSchema } from '../../core/box-level.ts';
import type { Study } from '../../core/ledger/search/study.ts';
import { TAGS } from '../../core/names.ts';
import type { TrackingRun } from '../../core/ports.ts';
import { readStudy, studyTags } from './study-of.ts';
import type { Done, TrainPorts, TrainRequest } from './train-context.ts';

/** What this training has left already: all of it, or a run whose job was lost before it could say so. */
type Earlier =
  | ({ readonly kind: 'finished' } & Done)
  | { readonly kind: 'lost'; readonly run: TrackingRun }
  | { readonly kind: 'nothing' };

type FindRequest = Pick<TrainRequest, 'plan' | 'config' | 'holder'>;
type FindPorts = Pick<TrainPorts, 'tracking' | 'seal' | 'log'>;

/**
 * Looks for what an earlier attempt at this training has left. Everybody's training may write to MLflow, so a run is believed only where the
 * ledger names it or an earlier attempt has sealed it, for this commit; why another is not is a warning.
 */
export async function findEarlier(request: FindRequest, ports: FindPorts): Promise<Earlier> {
  const recorded = await findRecorded(request, ports);
  if (recorded !== undefined) return recorded;
  if (isFirst(request.holder)) return { kind: 'nothing' };
  const own = await findOpened(request, ports, 'train');
  for (const run of own) {
    const done = await readFinished(run, request, ports);
    if (done !== undefined) return { kind: 'finished', ...done };
  }
  const [run] = own;
  return run === undefined ? { kind: 'nothing' } : { kind: 'lost', run };
}

/** Whether nothing of this training can be there yet. */
export function isFirst({ round, attempt }: TrainRequest['holder']): boolean {
  return round === 0 && attempt === 1;
}

/** The runs of a step that attempts of this job have opened, newest first; of others it is told that they are not believed. */
export async function findOpened(
  request: FindRequest,
  ports: FindPorts,
  step: 'train' | 'search',
): Promise<readonly TrackingRun[]> {
  const { plan, config } = request;
  const runs = await ports.tracking.findRuns(config.tracking.experiment, {
    [TAGS.correlation]: plan.correlationId,
    [TAGS.step]: step,
  });
  const own: TrackingRun[] = [];
  for (const run of runs) {
    if (run.tags[TAGS.openedSeal] === sealOpened(request, ports, run.runId)) own.push(run);
    else tellStranger(run, ports);
  }
  return own;
}

/** What a job of this training puts on the run that it has opened. */
export function sealOpened(
  { plan }: Pick<FindRequest, 'plan'>,
  { seal }: Pick<FindPorts, 'seal'>,
  runId: string,
) {
  return seal(['opened', plan.correlationId, plan.sha, runId]);
}

/** What the job of a search puts on its run for those that search along, once its data are known. */
export function searchedTag(
  request: Pick<FindRequest, 'plan'>,
  ports: Pick<FindPorts, 'seal'>,
  { runId, dataDigest }: { readonly runId: string; readonly dataDigest: string },
): Readonly<Record<string, string>> {
  return { [TAGS.searchedData]: `${dataDigest} ${sealSearched(request, ports, runId, dataDigest)}` };
}

/** The digest of the data of a search that is under way; `undefined` before its job has said it. */
export function readSearchedTag(
  request: Pick<FindRequest, 'plan'>,
  ports: Pick<FindPorts, 'seal'>,
  { runId, tags }: Pick<TrackingRun, 'runId' | 'tags'>,
): string | undefined {
  const [dataDigest = '', seal] = (tags[TAGS.searchedData] ?? '').split(' ');
  return seal === sealSearched(request, ports, runId, dataDigest) ? dataDigest : undefined;
}

function sealSearched(
  { plan }: Pick<FindRequest, 'plan'>,
  { seal }: Pick<FindPorts, 'seal'>,
  runId: string,
  dataDigest: string,
): string {
  return seal(['searched-data', plan.correlationId, plan.sha, runId, dataDigest]);
}

/** What it puts there when the training has ended so. */
export function sealFinished(
  { plan }: Pick<FindRequest, 'plan'>,
  { seal }: Pick<FindPorts, 'seal'>,
  {
    model,
    metrics,
    study,
  }: Pick<Done, 'model'> & {
    readonly metrics: TrackingRun['metrics'];
    readonly study: Study | undefined;
  },
) {
  const { runId, modelUri, modelDigest, dataDigest, box } = model;
  const logged = Object.entries(metrics).map(([name, value]) => `${name}=${value}`);
  const facts = [plan.correlationId, plan.sha, runId, modelUri, modelDigest, dataDigest, box];
  return seal(['finished', ...facts, ...Object.values(studyTags(study)), ...logged.toSorted()]);
}

async function findRecorded(
  { plan }: FindRequest,
  { tracking, log }: FindPorts,
): Promise<Earlier | undefined> {
  const { trained: model } = plan;
  if (model === undefined) return undefined;
  if ((await tracking.digestModel(model.modelUri)) === model.modelDigest) {
    return { kind: 'finished', run: await tracking.getRun(model.runId), model };
  }
  log.warn(
    `By the ledger this training is done, by run ${model.runId}, but the bytes of ${model.modelUri} are others now than were judged: it is trained again. Someone with write access to MLflow has changed them.`,
  );
  return undefined;
}

async function readFinished(
  run: TrackingRun,
  request: FindRequest,
  ports: FindPorts,
): Promise<Done | undefined> {
  const { runId, modelUri, tags, metrics } = run;
  const [seal, dataDigest] = [tags[TAGS.finishedSeal], tags[TAGS.dataDigest]];
  const box = boxLevelSchema.safeParse(tags[TAGS.box]);
  if (seal === undefined) return undefined;
  const modelDigest = modelUri === undefined ? undefined : await ports.tracking.digestModel(modelUri);
  if (modelUri !== undefined && modelDigest !== undefined && dataDigest !== undefined && box.success) {
    const model = { runId, modelUri, modelDigest, dataDigest, box: box.data };
    const study = readStudy(tags);
    if (seal === sealFinished(request, ports, { model, metrics, study }))
      return { run, model, ...(study !== undefined && { study }) };
  }
  ports.log.warn(
    `This training's run ${run.url} says something else of model, data or metrics than when it ended: it is trained again. Someone with write access to MLflow has changed it.`,
  );
  return undefined;
}

function tellStranger(run: TrackingRun, { log }: FindPorts): void {
  log.warn(
    `${run.url} says that it is this training, and no job of it has sealed it for this commit: it is not believed. It is of another commit, or someone with write access to MLflow has put it there.`,
  );
}
