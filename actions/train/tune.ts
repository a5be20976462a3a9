import type { Search } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import type { SearchSummary } from '../../core/ledger/search/search-summary.ts';
import { RUN_ARTIFACTS, SCHEMAS, TAGS } from '../../core/names.ts';
import { withoutSearchParameters } from '../../core/plan/training/without-search-parameters.ts';
import type { TrackingRun } from '../../core/ports.ts';
import type { Block } from '../../core/report/report.ts';
import { describeParameters } from '../../core/search/describe-progress.ts';
import { describeSearch } from '../../core/search/describe-search.ts';
import { drawHistory } from '../../core/search/draw-history.ts';
import { drawImportances } from '../../core/search/draw-importances.ts';
import { drawParallel } from '../../core/search/draw-parallel.ts';
import type { SearchEnd, SearchRequest } from '../../core/search-port.ts';
import type { CONTRACTS } from '../job/contract.ts';
import { FailedLater, type OutcomeOf } from '../job/outcome.ts';
import { findOpened, isFirst, readSearchedTag, sealOpened, searchedTag } from './find-earlier.ts';
import { hashInputs, tryHoldout } from './hash-inputs.ts';
import { holdLease } from './hold-lease.ts';
import { sourceTags } from './keep-habits.ts';
import { searchOf } from './parameters-of.ts';
import { pinProject, projectTags } from './project/pin-project.ts';
import { tellProgress } from './tell-progress.ts';
import { prepareData, stepOf, train } from './train.ts';
import type { FinishedSearch, HashedData, TrainRequest, TunePorts } from './train-context.ts';

type Trained = OutcomeOf<typeof CONTRACTS.train>;

/** The runner that every search has. */
const FIRST = 'job';

/** A search that is over, and what is told of it. */
type Searched = FinishedSearch & { readonly blocks: readonly Block[]; readonly url: string };

/**
 * Searches for the best parameters of the commit at hand, once per correlation id, and trains with them where that is asked for. A
 * search whose job was lost is gone on with where its storage has it. Rejects with a UserError for what the user can mend.
 */
export async function tune(request: TrainRequest, ports: TunePorts): Promise<Trained> {
  const { plan, config } = request;
  await ports.tracking.check();
  const known = plan.searched;
  const searched = known === undefined ? await search(request, ports) : await recall(known, request, ports);
  const { summary } = searched;
  if (plan.next === undefined) return conclude(searched, known !== undefined);
  const given = withoutSearchParameters(plan, config);
  const parameters = { ...given, ...summary.best.parameters };
  ports.log.info(`Training with the best of them: ${describeParameters(summary.best.parameters)}`);
  const follows = { ...plan, parameters, ...(plan.next === 'production' && { production: true as const }) };
  const trained = await trainWith(searched, { ...request, plan: follows }, ports);
  return {
    ...trained,
    report: { ...trained.report, blocks: [...trained.report.blocks, ...searched.blocks] },
    result: { ...trained.result, search: summary },
  };
}

/** What the search has found is kept, whatever becomes of the training with it. */
async function trainWith(search: Searched, request: TrainRequest, ports: TunePorts): Promise<Trained> {
  try {
    return await train({ ...request, search }, ports);
  } catch (thrown) {
    throw new FailedLater(thrown, { search: search.summary });
  }
}

async function recall(
  summary: SearchSummary,
  { plan: { sha } }: TrainRequest,
  { tracking, log }: TunePorts,
): Promise<Searched> {
  const { url } = await tracking.getRun(summary.runId);
  log.info(`This search is over already: ${url}`);
  return { summary, sha, url, blocks: [] };
}

async function search(given: TrainRequest, ports: TunePorts): Promise<Searched> {
  const { plan, config, signal } = given;
  const { tracking, log } = ports;
  const asked = searchOf(plan, config);
  ports.search.requireStorage(asked);
  const run = await openRun(given, ports);
  log.info(`MLflow run of the search: ${run.url}`);
  const held = await holdLease(given, ports, run.runId);
  try {
    // Monitor-check takes one that was ended for a search that has failed.
    await tracking.endRun(run.runId, 'RUNNING');
    const request = await pinProject({ ...given, signal: held.signal }, ports, run);
    await tracking.setRunTags(run.runId, projectTags(request, ports));
    await prepareData(request, ports, run.runId);
    if (plan.next !== undefined) await tryHoldout(request, ports);
    const data = await hashInputs(request, ports);
    requireSameData(asked, readSearchedTag(request, ports, run), data.digest);
    const shared = searchedTag(request, ports, { runId: run.runId, dataDigest: data.digest });
    await tracking.setRunTags(run.runId, { [TAGS.dataDigest]: data.digest, ...shared });
    const onProgress = tellProgress(ports, { runId: run.runId, metric: asked.metric });
    const end = await log.group('Search', () =>
      runSearch(request, ports, { asked, run, host: FIRST, onProgress }),
    );
    await held.require();
    const summary = await keep(ports, { end, data, run, plan, asked });
    await held.require();
    await tracking.endRun(run.runId, 'FINISHED');
    return {
      summary,
      sha: plan.sha,
      url: run.url,
      files: data.files,
      blocks: describeSearch(end.result, run.url),
    };
  } catch (thrown) {
    await held.require();
    await tracking.endRun(run.runId, signal.aborted ? 'KILLED' : 'FAILED');
    throw thrown;
  } finally {
    await held.release();
  }
}

/** A study that outlives its job has trials on the data of an earlier attempt. Throws a UserError where these are others. */
function requireSameData({ storage }: Search, earlier: string | undefined, digest: string): void {
  if (storage === undefined || earlier === undefined || earlier === digest) return;
  throw new UserError([
    {
      code: 'search-data-changed',
      message: `The data (${digest}) are not those that an earlier attempt at this search has tried trials on (${earlier}): they would be ranked together.`,
      remedy:
        'Bring back the data of the earlier attempt and run the job again, or ask for a new search: /tune.',
    },
  ]);
}

/** The run that the runs of all trials belong to: that of an earlier attempt, where there is one that this job's attempts have opened. */
async function openRun(request: TrainRequest, ports: TunePorts): Promise<TrackingRun> {
  const { plan, config, holder } = request;
  const { tracking } = ports;
  const { experiment } = config.tracking;
  const [own] = isFirst(holder) ? [] : await findOpened(request, ports, 'search');
  if (own !== undefined) return own;
  const name = `search ${plan.correlationId}`;
  const run = await tracking.createRun({
    experiment,
    name,
    tags: { [TAGS.correlation]: plan.correlationId, [TAGS.sha]: plan.sha, [TAGS.step]: 'search' },
  });
  await tracking.setRunTags(run.runId, { [TAGS.openedSeal]: sealOpened(request, ports, run.runId) });
  return run;
}

/** Trainings at the same time share the GPUs, and with them the processes. */
function shareOf({ processes }: TrainRequest, { jobs }: Search): Pick<TrainRequest, 'processes'> {
  return processes === undefined ? {} : { processes: Math.max(1, Math.floor(processes / jobs)) };
}

/** What one runner does in a search. */
type Part = {
  readonly asked: Search;
  readonly run: TrackingRun;
  /** The runner, by a name that no other of this search has. */
  readonly host: string;
  readonly onProgress: SearchRequest['onProgress'];
};

/** Tries trials of a search, below its run. */
export function runSearch(
  request: TrainRequest,
  { search: runner }: Pick<TunePorts, 'search'>,
  { asked, run, host, onProgress }: Part,
): Promise<SearchEnd> {
  const { plan, config } = request;
  // What the search sets in place of the project's value gives way to what is asked for.
  const parameters = { ...asked.parameters, ...withoutSearchParameters(plan, config) };
  return runner.run({
    step: stepOf({ ...request, ...shareOf(request, asked), plan: { ...plan, parameters } }, run.runId),
    study: `${config.model}/${plan.correlationId}`,
    host,
    search: asked,
    tags: {
      ...sourceTags(request, config.project.steps.train),
      [TAGS.correlation]: plan.correlationId,
      [TAGS.sha]: plan.sha,
      [TAGS.step]: 'trial',
    },
    onProgress,
  });
}

type Kept = {
  readonly end: SearchEnd;
  readonly data: HashedData;
  readonly run: TrackingRun;
  readonly plan: TrainRequest['plan'];
  readonly asked: Search;
};

/** Puts the search with all its trials, and its drawings, into the run's artifacts. Gives what the ledger keeps of it. */
async function keep(
  { tracking, writeTemp, hashText }: TunePorts,
  { end: { result, box }, data, run, plan, asked }: Kept,
): Promise<SearchSummary> {
  const { best, study, metric, direction, complete, pruned } = result;
  if (best === null) throw nothingFound(result.complete + result.pruned, asked);
  const { correlationId, sha } = plan;
  const artefact = { schema: SCHEMAS.search, schema_version: 1, correlationId, sha, box, data, ...result };
  const text = `${JSON.stringify(artefact, undefined, 2)}\n`;
  const importances = drawImportances(result);
  const files = [
    ['search.json', text],
    ['history.svg', drawHistory(result)],
    ['parallel.svg', drawParallel(result)],
    ...(importances === undefined ? [] : [['importances.svg', importances] as const]),
  ] as const;
  for (const [name, content] of files) {
    await tracking.uploadArtifact(
      run.runId,
      `${RUN_ARTIFACTS.search}/${name}`,
      await writeTemp(name, content),
    );
  }
  return {
    ...{ runId: run.runId, study, metric, direction, seed: result.sampler.seed },
    ...{ asked: result.asked, complete, pruned, best },
    dataDigest: data.digest,
    resultDigest: hashText(text),
  };
}

function nothingFound(ended: number, { metric, timeoutSeconds }: Search): UserError {
  const within = timeoutSeconds === undefined ? '' : ` within the ${timeoutSeconds} s of search.timeout`;
  return new UserError([
    {
      code: 'search-empty',
      message: `No trial ran to its end with a value of ${metric}${within}; ${ended} were pruned.`,
      remedy: 'Give it more time (search.timeout), or prune none (search.pruning: none), and ask again.',
    },
  ]);
}

function conclude({ summary, url, blocks }: Searched, wasKnown: boolean): Trained {
  const { best, metric, runId } = summary;
  const found = `${describeParameters(best.parameters)} gave the best ${metric}.`;
  return {
    decision: 'complete',
    reasonCode: wasKnown ? 'already-searched' : 'searched',
    headline: found,
    report: { sign: 'searched', blocks: blocks.length > 0 ? blocks : [{ kind: 'paragraph', text: found }] },
    outputs: { 'run-id': runId },
    result: { search: summary, url },
  };
}
