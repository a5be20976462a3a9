import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../core/errors.ts';
import { type SteadyClient, startSteadyClient } from '../../test/agent/support/steady-client.ts';
import { readAgentSnapshot } from './agent-snapshot.ts';
import { arrivalsOf, findOutboxProblems } from './check-outbox.ts';
import { findPackageProblems } from './check-packages.ts';
import type { Lane } from './lane.ts';
import type { Candidate, Moment } from './moment.ts';
import { type Played, playRollout } from './play-rollout.ts';

/** Time between two requests of the steady client, in ms. */
const REQUEST_EVERY_MS = 40;

/** What came of one moment. `problems` is empty when it ended as an undisturbed rollout would. */
export type MomentResult = {
  readonly moment: Moment;
  readonly afterMs: number;
  readonly phase: string;
  readonly seconds: number;
  readonly attempts: number;
  readonly failedRequests: readonly string[];
  readonly problems: readonly string[];
};

/** How an undisturbed rollout of each kind of candidate goes here. */
export type Undisturbed = Readonly<Record<Candidate, Played>>;

export type LaneResult = {
  readonly results: readonly MomentResult[];
  /** Found when the lane was over and its agent had ended. */
  readonly problems: readonly string[];
  readonly requests: number;
  readonly deliveries: number;
  readonly reports: number;
};

export type LaneListener = {
  readonly measured: (undisturbed: Undisturbed) => void;
  readonly played: (result: MomentResult) => void;
};

/** Serves a first version, measures two undisturbed rollouts, and then plays the moments one after the other under steady requests. */
export async function runLane(
  lane: Lane,
  moments: readonly Moment[],
  listener: LaneListener,
): Promise<LaneResult> {
  await playRollout(lane, { candidate: 'good', client: undefined });
  const client = startSteadyClient(lane.predictions, REQUEST_EVERY_MS);
  try {
    const good = await playRollout(lane, { candidate: 'good', client });
    const bad = await playRollout(lane, { candidate: 'bad', client });
    const undisturbed = { good, bad };
    listener.measured(undisturbed);
    const results: MomentResult[] = [];
    for (const moment of moments) {
      const result = await playMoment(lane, moment, undisturbed[moment.candidate], client);
      results.push(result);
      listener.played(result);
    }
    await client.stop();
    return { results, ...(await conclude(lane, client)) };
  } finally {
    await client.stop();
  }
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
      client,
      blow: { kind: moment.kind, afterMs },
      expected: undisturbed.endState,
    });
    const { attempts, snapshot, failedRequests, released } = played;
    return {
      moment,
      afterMs,
      phase: snapshot?.phaseOf(released.version) ?? 'nowhere',
      seconds: seconds(),
      attempts,
      failedRequests,
      problems: [
        ...compareEnds(undisturbed, played),
        ...findOutboxProblems(snapshot?.reports ?? [], arrivalsOf(lane.repository.dispatches)),
        ...findPackageProblems(lane.host.folder, released.digests, begun.at),
        ...(moment.kind === 'agent and model servers' ? [] : failedRequests),
      ],
    };
  } catch (thrown) {
    const rest = { phase: 'unknown', attempts: 0, failedRequests: [], problems: [messageOf(thrown)] };
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
