import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { listOwned } from '../../agent/runtimes/process/handle.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { killTree } from '../../sandbox/machine/kill-tree.ts';
import type { SteadyClient } from '../../sandbox/traffic/steady-client.ts';
import { type AgentSnapshot, readAgentSnapshot } from './agent-snapshot.ts';
import { arrivalsOf } from './check-outbox.ts';
import type { DeployJob } from './deploy-job.ts';
import { type Cast, castFor, type EndState, readEndState } from './end-state.ts';
import { ENVIRONMENT, type Lane } from './lane.ts';
import type { Kind, Manner } from './moment.ts';
import { type Released, releaseVersion } from './release-version.ts';
import { createRolloutJobs, type RolloutJobs } from './rollout-jobs.ts';

/** A job that fails is run again so often, as a person would. */
const MAX_FAILURES = 6;
/** The agent's report on a stage or a brake comes within this time, in ms. */
const REPORT_TIMEOUT_MS = 120_000;
/** A rollout has so long to come to its end, in ms. */
const SETTLE_TIMEOUT_MS = 90_000;
/** What has not moved for so long is not on its way to the expected state, in ms. */
const STILL_MS = 5_000;
const SETTLE_POLL_MS = 200;

/** What dies, and how long after the upload began, in ms. */
type Blow = { readonly kind: Kind; readonly afterMs: number };

/** One rollout as it went. */
export type Played = {
  readonly released: Released;
  readonly endState: EndState;
  /** From the beginning of the upload until everything stood still, in ms. */
  readonly lengthMs: number;
  /** How often a job did not come through, or was killed, and was run again. */
  readonly reruns: number;
  /** The agent's memory at the kill. */
  readonly snapshot: AgentSnapshot | undefined;
  /** Requests of the steady client that were not answered 200, those left out that a bad candidate failed itself. */
  readonly failedRequests: readonly string[];
};

type RolloutRequest = Manner & {
  readonly client: SteadyClient | undefined;
  readonly blow?: Blow;
  /** The end state to wait for; without it, any that stands still. */
  readonly expected?: EndState;
};

/** Releases a version and rolls it out, strikes when it is time, starts again what was killed, and waits for the end. */
export async function playRollout(lane: Lane, request: RolloutRequest): Promise<Played> {
  const released = await releaseVersion(lane, request.candidate);
  const cast = castFor(lane, released.version);
  const failuresBefore = request.client?.failures().length ?? 0;
  const jobs = createRolloutJobs(lane, released, request.isDetached);
  const job = jobs.start();
  await job.uploads;
  const begun = performance.now();
  const { blow } = request;
  const struck = blow && sleep(blow.afterMs).then(() => strike(lane, jobs, blow.kind));
  const finished = finish(lane, jobs, job);
  // A job that gives up before the blow does not call it off: the agent would be killed in the midst of the next rollout.
  await Promise.allSettled([struck, finished]);
  const [snapshot, reruns] = await Promise.all([struck, finished]);
  const endState = await awaitEnd(lane, cast, jobs.rollout, request.expected);
  jobs.clear();
  return {
    released,
    endState,
    lengthMs: performance.now() - begun,
    reruns,
    snapshot,
    failedRequests: (request.client?.failures() ?? [])
      .slice(failuresBefore)
      .filter((failure) => request.candidate === 'good' || !failure.startsWith(`${released.version}: 5`)),
  };
}

/** Ends what the kind names with `kill -9`, looks at what the agent had on disk, and starts the agent again. */
async function strike(lane: Lane, jobs: RolloutJobs, kind: Kind): Promise<AgentSnapshot> {
  const { host } = lane;
  await host.kill();
  if (kind === 'agent and deploy job') await jobs.kill();
  if (kind === 'agent and model servers') {
    const servers = listOwned(`trainyard-agent:${host.folder}/model/`);
    for (const { handle } of servers) killTree(handle.pid);
  }
  const snapshot = readAgentSnapshot(host.folder, lane.folder);
  await host.start();
  return snapshot;
}

/** Waits for the jobs: one that fails is run again, one that leaves the rollout open is followed by the one that a report begins. Gives the failures. */
async function finish(lane: Lane, jobs: RolloutJobs, first: DeployJob): Promise<number> {
  const heard = new Set<string>();
  let failures = 0;
  let report: string | undefined;
  for (let job = first; ; job = jobs.start(report)) {
    if ((await job.ended) !== 0) {
      failures += 1;
      if (failures >= MAX_FAILURES) throw new Error(`the deploy job failed ${failures} times`);
    } else {
      report = await nextReport(lane, jobs.rollout, heard);
      if (report === undefined) return failures;
    }
  }
}

/** The id of the next report on an open rollout that is no replay; `undefined` when the rollout has ended. */
async function nextReport(lane: Lane, rollout: string, heard: Set<string>): Promise<string | undefined> {
  const deadline = performance.now() + REPORT_TIMEOUT_MS;
  for (;;) {
    const { rollout: open } = environmentOf(readLedgerState(lane.remote, lane.model), ENVIRONMENT);
    if (open?.id !== rollout) return undefined;
    const fresh = arrivalsOf(lane.repository.dispatches).find(
      ({ payload }) => payload.body['rollout'] === rollout && !heard.has(payload.id),
    );
    if (fresh !== undefined) {
      heard.add(fresh.payload.id);
      return fresh.payload.id;
    }
    if (performance.now() > deadline) throw new Error(`${rollout} is open, and no report came to take it on`);
    await sleep(SETTLE_POLL_MS);
  }
}

/** Where it stands once nothing is under way: as expected, or else unchanged for a while, or at the time limit. */
async function awaitEnd(
  lane: Lane,
  cast: Cast,
  rollout: string,
  expected: EndState | undefined,
): Promise<EndState> {
  const begun = performance.now();
  let stillSince: number | undefined;
  for (;;) {
    stillSince = (await isStill(lane)) ? (stillSince ?? performance.now()) : undefined;
    const isLate = performance.now() - begun > SETTLE_TIMEOUT_MS;
    if (stillSince !== undefined || isLate) {
      const state = await readEndState(lane, cast, rollout);
      const isThere = expected === undefined || isDeepStrictEqual(state, expected);
      if (isThere || isLate || performance.now() - (stillSince ?? begun) > STILL_MS) return state;
    }
    await sleep(SETTLE_POLL_MS);
  }
}

async function isStill({ agent }: Lane): Promise<boolean> {
  const { instances, outbox } = await agent.state();
  return outbox.pending === 0 && instances.every(({ state }) => state === 'ready' || state === 'stopped');
}
