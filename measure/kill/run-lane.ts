import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../core/errors.ts';
import { type SteadyClient, startSteadyClient } from '../../sandbox/traffic/steady-client.ts';
import { readAgentSnapshot } from './agent-snapshot.ts';
import { arrivalsOf, findOutboxProblems } from './check-outbox.ts';
import { findPackageProblems } from './check-packages.ts';
import type { Lane } from './lane.ts';
import { describeManner, type Manner, type Moment } from './moment.ts';
import { type Played, playRollout } from './play-rollout.ts';
import { startRollback } from './rollout-jobs.ts';

/** Time between two requests of the steady client, in ms. */
const REQUEST_EVERY_MS = 40;

/** What came of one moment. `problems` is empty when it ended as an undisturbed rollout would. */
export type MomentResult = {
  readonly moment: Moment;
  readonly afterMs: number;
  readonly phase: string;
  readonly seconds: number;
  readonly reruns: number;
  readonly failedRequests: readonly string[];
  readonly problems: readonly string[];
};

export type LaneResult = {
  readonly results: readonly MomentResult[];
  /** Found when the lane was over and its agent had ended. */
  readonly problems: readonly string[];
  readonly requests: number;
  readonly deliveries: number;
  readonly reports: number;
};

export type LaneListener = {
  /** How an undisturbed rollout of a manner went. */
  readonly measured: (manner: Manner, undisturbed: Played) => void;
  readonly played: (result: MomentResult) => void;
};

/** Serves a first version, measures an undisturbed rollout of each manner, and then plays the moments under steady requests. */
export async function runLane(
  lane: Lane,
  moments: readonly Moment[],
  listener: LaneListener,
): Promise<LaneResult> {
  await playRollout(lane, { candidate: 'good', isDetached: false, client: undefined });
  const client = startSteadyClient(lane.predictions, REQUEST_EVERY_MS);
  try {
    const undisturbed = new Map<string, Played>();
    for (const manner of mannersOf(moments)) {
      const played = await playRollout(lane, { ...manner, client });
      undisturbed.set(describeManner(manner), played);
      listener.measured(manner, played);
    }
    const results: MomentResult[] = [];
    for (const moment of moments) {
      const like = undisturbed.get(describeManner(moment));
      if (like === undefined) throw new Error(`nothing undisturbed is like moment ${moment.index}`);
      const result = await playMoment(lane, moment, like, client);
      results.push(result);
      listener.played(result);
    }
    await client.stop();
    return { results, ...(await conclude(lane, client)) };
  } finally {
    await client.stop();
  }
}

/** Each manner once, promotions first: what is taken back later then finds a version before the stable one, as it does ever after. */
function mannersOf(moments: readonly Moment[]): readonly Manner[] {
  const found = new Map(
    moments.map((moment) => {
      const { candidate, isDetached } = moment;
      return [describeManner(moment), { candidate, isDetached }];
    }),
  );
  const { good = [], bad = [] } = Object.groupBy(found.values(), ({ candidate }) => candidate);
  return [...good, ...bad];
}

async function playMoment(
  lane: Lane,
  moment: Moment,
  undisturbed: Played,
  client: SteadyClient,
): Promise<MomentResult> {
  const begun = { ms: performance.now(), at: Date.now() };
  const afterMs = moment.at * undisturbed.lengthMs;
  const seconds = () => (performance.now() - begun.ms) / 1_000;
  try {
    const played = await playRollout(lane, {
      candidate: moment.candidate,
      isDetached: moment.isDetached,
      client,
      blow: { kind: moment.kind, afterMs },
      expected: undisturbed.endState,
    });
    const { reruns, snapshot, failedRequests, released } = played;
    return {
      moment,
      afterMs,
      phase: snapshot?.phaseOf(released.version) ?? 'nowhere',
      seconds: seconds(),
      reruns,
      failedRequests,
      problems: [
        ...compareEnds(undisturbed, played),
        ...findOutboxProblems(snapshot?.reports ?? [], arrivalsOf(lane.repository.dispatches)),
        ...findPackageProblems(lane.host.folder, released.digests, begun.at),
        ...(moment.kind === 'agent and model servers' ? [] : failedRequests),
      ],
    };
  } catch (thrown) {
    // What comes next is judged by itself: a rollout that is left open would fail every other.
    await startRollback(lane, `clear-${moment.index}`).ended;
    const rest = { phase: 'unknown', reruns: 0, failedRequests: [], problems: [messageOf(thrown)] };
    return { moment, afterMs, seconds: seconds(), ...rest };
  }
}

function compareEnds(undisturbed: Played, { endState }: Played): readonly string[] {
  if (isDeepStrictEqual(endState, undisturbed.endState)) return [];
  return [`it ended as ${JSON.stringify(endState)}, undisturbed as ${JSON.stringify(undisturbed.endState)}`];
}

/** Ends the agent, and holds all it ever stored against all that ever arrived. */
async function conclude(lane: Lane, client: SteadyClient) {
  await lane.stop();
  const { reports } = readAgentSnapshot(lane.host.folder, lane.folder);
  const arrivals = arrivalsOf(lane.repository.dispatches);
  const stored = new Set(reports.map(({ payload }) => payload.id));
  const unknown = arrivals.filter(({ payload }) => !stored.has(payload.id));
  return {
    problems: [
      ...findOutboxProblems(reports, arrivals),
      ...unknown.map(({ payload }) => `report ${payload.id} was delivered and is not in the agent's store`),
      ...findPackageProblems(lane.host.folder, []),
    ],
    requests:
      Object.values(client.answered()).reduce((sum, count) => sum + count, 0) + client.failures().length,
    deliveries: arrivals.length,
    reports: reports.length,
  };
}
