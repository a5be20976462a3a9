import { UserError } from '../../../core/errors.ts';
import { secondsBetween } from '../../../core/instant.ts';
import type { TrackingRun } from '../../../core/ports.ts';
import { describeProgress } from '../../../core/search/describe-progress.ts';
import type { SearchRequest } from '../../../core/search-port.ts';
import { LEASE_TIMES } from '../../../core/training/lease.ts';
import type { CONTRACTS } from '../../job/contract.ts';
import type { OutcomeOf } from '../../job/outcome.ts';
import { findOpened, readSearchedTag } from '../find-earlier.ts';
import { hashInputs } from '../hash-inputs.ts';
import { searchOf } from '../parameters-of.ts';
import { pinProject } from '../project/pin-project.ts';
import { prepareData } from '../train.ts';
import type { TrainRequest, TunePorts } from '../train-context.ts';
import { runSearch } from '../tune.ts';
import { listenTo, type SilenceCheck } from './listen-to.ts';

type Along = OutcomeOf<typeof CONTRACTS.train>;

/** How often the run of the search is looked at, in ms. */
const LOOK_MS = 10_000;
/** How long the job that searches may take to begin, in s: it may wait for the runner that this one has. */
const BEGIN_SECONDS = 120;

const NO_STORAGE =
  'The search of this commit names no storage (search.storage): its study is a file of the job that looks after it, which no other runner reaches.';

/** A search under way, and the digest of the data that it reads. */
type Begun = { readonly run: TrackingRun; readonly dataDigest: string };

/**
 * Tries trials of a search that another job looks after, as the runner of that number, until the search is over. The job that it helps does
 * without it. Rejects with a UserError where this runner has other data, or can't search.
 */
export function searchAlong(searcher: string): (request: TrainRequest, ports: TunePorts) => Promise<Along> {
  return async (request, ports) => {
    const { plan, config, signal } = request;
    await ports.tracking.check();
    const search = searchOf(plan, config);
    if (search.storage === undefined) return conclude('nothing-to-do', NO_STORAGE);
    // How many runners there are is the default branch's to say; by the commit this one may not be there.
    const asked = { ...search, runners: Math.max(2, search.runners) };
    ports.search.requireStorage(asked);
    const isSilent = listenTo(ports);
    const begun = plan.searched === undefined ? await findBegun(request, ports, isSilent) : undefined;
    if (begun === undefined) return conclude('nothing-to-do', 'There is no search under way to be helped.');
    const { run, dataDigest } = begun;
    ports.log.info(`MLflow run of the search: ${run.url}`);
    const onProgress: SearchRequest['onProgress'] = (progress) =>
      ports.log.info(describeProgress(progress, asked.metric));
    const over = watch(request, ports, { runId: run.runId, isSilent });
    const pinned = await pinProject(
      { ...request, signal: AbortSignal.any([signal, over.signal]) },
      ports,
      run,
    );
    try {
      await prepareData(pinned, ports, run.runId);
      const { digest } = await hashInputs(pinned, ports);
      if (digest !== dataDigest) throw otherData(searcher);
      await ports.log.group('Search', () =>
        runSearch(pinned, ports, { asked, run, host: `runner-${searcher}`, onProgress }),
      );
    } catch (thrown) {
      signal.throwIfAborted();
      if (!over.signal.aborted) throw thrown;
    } finally {
      over.stop();
    }
    return conclude('searched', 'The search is over.');
  };
}

/** The search, once its job has said what data it reads; nothing where it does not begin in time, is over before it has, or is lost. */
async function findBegun(
  request: TrainRequest,
  ports: TunePorts,
  isSilent: SilenceCheck,
): Promise<Begun | undefined> {
  const { clock, log } = ports;
  const since = clock.now();
  let answered = since;
  log.info('Waiting for the job that looks after the search.');
  for (;;) {
    const runs = await findOpened(request, ports, 'search').catch((thrown: unknown) => {
      // A server that does not answer now may answer soon.
      if (secondsBetween(answered, clock.now()) >= LEASE_TIMES.lost) throw thrown;
      return undefined;
    });
    if (runs !== undefined) {
      answered = clock.now();
      const [run] = runs;
      const isUnderWay = run?.status === 'RUNNING';
      const dataDigest = run && readSearchedTag(request, ports, run);
      if (isUnderWay && dataDigest !== undefined) return { run, dataDigest };
      if (run?.status === 'FINISHED' || (isUnderWay && isSilent(run))) return undefined;
      if (!isUnderWay && secondsBetween(since, answered) >= BEGIN_SECONDS) return undefined;
    }
    await clock.wait(LOOK_MS, request.signal);
  }
}

/** Aborts once the run of the search is no longer under way, or its job is lost: it has what it asked for, or has given up. */
function watch(
  { signal }: Pick<TrainRequest, 'signal'>,
  { tracking, clock }: Pick<TunePorts, 'tracking' | 'clock'>,
  { runId, isSilent }: { readonly runId: string; readonly isSilent: SilenceCheck },
): { readonly signal: AbortSignal; readonly stop: () => void } {
  const [over, ending] = [new AbortController(), new AbortController()];
  const looking = AbortSignal.any([signal, ending.signal]);
  const look = async () => {
    while (!looking.aborted && !over.signal.aborted) {
      await clock.wait(LOOK_MS, looking).catch(() => undefined);
      if (looking.aborted) return;
      // A server that does not answer now ends no training.
      const run = await tracking.getRun(runId).catch(() => undefined);
      if (isSilent(run) || (run !== undefined && run.status !== 'RUNNING')) over.abort();
    }
  };
  void look();
  return { signal: over.signal, stop: () => ending.abort() };
}

function otherData(searcher: string): UserError {
  return new UserError([
    {
      code: 'search-data-differ',
      message: `The data on runner ${searcher} are not those that the search reads: its trials would be of another training.`,
      remedy:
        'Have data.fetch and project.steps.etl give every runner the same files, name a place that all of them share, or leave search.runners out.',
    },
  ]);
}

function conclude(reasonCode: 'searched' | 'nothing-to-do', headline: string): Along {
  const sign = reasonCode === 'searched' ? 'searched' : 'nothing-to-do';
  return {
    decision: 'complete',
    reasonCode,
    headline,
    report: { sign, blocks: [{ kind: 'paragraph', text: headline }] },
    outputs: {},
    result: {},
  };
}
