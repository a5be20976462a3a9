import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { listOwned } from '../../agent/process-handle.ts';
import type { SteadyClient } from '../../test/agent/support/steady-client.ts';
import { killTree } from '../sandbox/kill-tree.ts';
import { type AgentSnapshot, readAgentSnapshot } from './agent-snapshot.ts';
import type { DeployJob } from './deploy-job.ts';
import { type Cast, castFor, type EndState, readEndState } from './end-state.ts';
import type { Lane } from './lane.ts';
import type { Candidate, Kind } from './moment.ts';
import { type Released, releaseVersion } from './release-version.ts';
import { createRolloutJobs, type RolloutJobs } from './rollout-jobs.ts';

/** A job that fails is run again so often, as a person would; and a rollout has so long to come to its end, in ms. */
const MAX_ATTEMPTS = 6;
const SETTLE_TIMEOUT_MS = 90_000;
/** What has not moved for so long is not on its way to the expected state, in ms. */
const STILL_MS = 5_000;
const SETTLE_POLL_MS = 200;

/** What dies, and how long after the upload began, in ms. */
export type Blow = { readonly kind: Kind; readonly afterMs: number };

/** One rollout as it went. */
export type Played = {
  readonly released: Released;
  readonly endState: EndState;
  /** From the beginning of the upload until everything stood still, in ms. */
  readonly lengthMs: number;
  readonly attempts: number;
  /** The agent's memory at the kill. */
  readonly snapshot: AgentSnapshot | undefined;
  /** Requests of the steady client that were not answered 200, those left out that a bad candidate failed itself. */
  readonly failedRequests: readonly string[];
};

export type RolloutRequest = {
  readonly candidate: Candidate;
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
  const jobs = createRolloutJobs(lane, released);
  const job = jobs.start();
  await job.uploads;
  const begun = performance.now();
  const { blow } = request;
  const struck = blow && sleep(blow.afterMs).then(() => strike(lane, job, blow.kind));
  const finished = finish(jobs, job);
  const [snapshot] = await Promise.all([struck, finished]);
  const endState = await awaitEnd(lane, cast, jobs.rollout, request.expected);
  jobs.clear();
  return {
    released,
    endState,
    lengthMs: performance.now() - begun,
    attempts: jobs.attempts(),
    snapshot,
    failedRequests: (request.client?.failures() ?? [])
      .slice(failuresBefore)
      .filter((failure) => request.candidate === 'good' || !failure.startsWith(`${released.version}: 5`)),
  };
}

/** Ends what the kind names with `kill -9`, looks at what the agent had on disk, and starts the agent again. */
async function strike(lane: Lane, job: DeployJob, kind: Kind): Promise<AgentSnapshot> {
  const { host } = lane;
  await host.kill();
  if (kind === 'agent and deploy job') await job.kill();
  if (kind === 'agent and model servers') {
    const servers = listOwned(`trainyard-agent:${host.folder}/model/`);
    for (const { handle } of servers) killTree(handle.pid);
  }
  const snapshot = readAgentSnapshot(host.folder, lane.folder);
  await host.start();
  return snapshot;
}

/** Waits for the job, and runs it again as long as it does not come through. */
async function finish(jobs: RolloutJobs, first: DeployJob): Promise<void> {
  for (let job = first; (await job.ended) !== 0; job = jobs.start()) {
    if (jobs.attempts() >= MAX_ATTEMPTS) throw new Error(`the deploy job failed ${jobs.attempts()} times`);
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
