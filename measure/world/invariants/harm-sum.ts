import { defaultObjectiveLimit, lateShare } from '../../../core/rollout/evidence/objective.ts';
import { shareThatCounts } from '../../../core/rollout/evidence/refused-alone.ts';
import type { Served } from '../host/clients.ts';
import type { VersionBehaviour } from '../schedule/setup.ts';
import { TIMES } from '../world-config.ts';

/** What a candidate was sent and has failed on a host, in one stage and while its agent could act. */
type Tally = {
  /** For how long it has had requests, in ms. */
  readonly servedMs: number;
  readonly requests: number;
  readonly failed: number;
  /** How many it may fail: as many as the stable version would have or, where that gets none, as the limit of the bake allows. */
  readonly borne: number;
};

/** The tally, and what it was over the last few ticks, oldest first. */
export type HarmSum = { readonly stage: string; readonly now: Tally; readonly past: readonly Tally[] };

/** Harm that an agent had the time to see: failures beyond what is borne, and how clearly they are no chance, in nats. */
export type ProvenHarm = { readonly failed: number; readonly nats: number };

type Stretch = Pick<Served, 'from' | 'to' | 'requests' | 'failed'>;

/** How many ticks an agent may take until it has seen the request that proves the harm, and has braked. */
const TICKS_TO_ACT = 4;
/** The least share that a version is believed to fail. */
const LEAST_SHARE = 0.001;
const NOTHING: Tally = { servedMs: 0, requests: 0, failed: 0, borne: 0 };

/** Nothing so far, in a stage. */
export function startHarm(stage: string): HarmSum {
  return { stage, now: NOTHING, past: [] };
}

/**
 * The share of its requests that a candidate may fail beside a stable version that behaves so. `isAlone` where it gets them all: what it
 * may leave unanswered or answer wrongly then, since nothing tells what it refuses from what clients wrote wrongly (`countRefused`).
 */
export function borneBeside(
  {
    failing,
    hanging,
    refusing,
    invalid,
  }: Pick<VersionBehaviour, 'failing' | 'hanging' | 'refusing' | 'invalid'>,
  isAlone: boolean,
): number {
  const broken = failing + hanging + invalid;
  const share = Math.max(LEAST_SHARE, Math.min(1, isAlone ? broken : broken + refusing));
  return isAlone ? defaultObjectiveLimit(share) : share;
}

/** What a candidate that gets all requests has refused of a stretch of them, counted as its agent counts it: bursts count for less. */
export function countRefused({
  from,
  to,
  requests,
  refused,
}: Pick<Served, 'from' | 'to' | 'requests' | 'refused'>): Stretch {
  const share = shareThatCounts(requests, (to - from) / 1_000);
  return { from, to, requests: share * requests, failed: share * refused };
}

/** The sum with one more stretch of requests that the candidate was given, of which it may fail the share `borne`. */
export function addHarm(
  { stage, now, past }: HarmSum,
  { from, to, requests, failed }: Stretch,
  borne: number,
): HarmSum {
  const next: Tally = {
    servedMs: now.servedMs + (to - from),
    requests: now.requests + requests,
    failed: now.failed + failed,
    borne: now.borne + borne * requests,
  };
  const since = next.servedMs - TICKS_TO_ACT * TIMES.tick * 1_000;
  const first = past.findLastIndex(({ servedMs }) => servedMs <= since);
  return { stage, now: next, past: [...past.slice(Math.max(0, first)), next] };
}

/**
 * The sum since the candidate began to fail more than it may, of what it broke while it got all requests: counted as its agent counts what
 * rises late, of which clumps count for less.
 */
export function addLateHarm(
  sum: HarmSum,
  { from, to, requests, broken }: Pick<Served, 'from' | 'to' | 'requests' | 'broken'>,
  borne: number,
): HarmSum {
  const share = lateShare(requests, { limit: borne, seconds: (to - from) / 1_000 });
  const next = addHarm(sum, { from, to, requests: share * requests, failed: share * broken }, borne);
  return next.now.failed > next.now.borne ? next : startHarm(sum.stage);
}

/**
 * The harm of some ticks ago, which the agent should have braked by now if it proves anything. So the bound holds at any rate and share;
 * and where two versions fail alike there is none.
 */
export function provenHarm({ now, past }: HarmSum): ProvenHarm {
  const [first = NOTHING] = past;
  const isOld = first.servedMs <= now.servedMs - TICKS_TO_ACT * TIMES.tick * 1_000;
  if (!isOld || first.failed <= first.borne) return { failed: 0, nats: 0 };
  const { requests, failed, borne } = first;
  const term = (count: number, expected: number) => (count === 0 ? 0 : count * Math.log(count / expected));
  return { failed: failed - borne, nats: term(failed, borne) + term(requests - failed, requests - borne) };
}
