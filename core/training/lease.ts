import { type Instant, isInstant, secondsBetween, toInstant } from '../instant.ts';
import { TAGS } from '../names.ts';

/** Seals facts so that the attempts of one training know each other's. */
type Seal = (facts: readonly string[]) => string;

/** Who runs a training: how often it had been taken up again, from 0, and which attempt of that workflow run it is, from 1. */
export type Holder = { readonly round: number; readonly attempt: number };

/** That an attempt holds a training, and when it was last heard. */
export type Lease = Holder & { readonly renewedAt: Instant };

/** The times of a lease, in seconds. */
export type LeaseTimes = {
  /** How often the holder renews it. */
  readonly renew: number;
  /** After so long without a renewal the holder stops by itself. */
  readonly expires: number;
  /** After so long without one the training is taken for lost. What is between is for clocks that differ, and for what ends slowly. */
  readonly lost: number;
};

/** The times of trainings: a tracking server may be away for ten minutes, and clocks may differ by almost five. */
export const LEASE_TIMES: LeaseTimes = { renew: 30, expires: 600, lost: 900 };

/** How often a training that was lost is taken up again by itself. */
export const MOST_ROUNDS = 1;

/** What a lease that was given back says: nobody has to wait for its holder. */
const RELEASED = toInstant(0);
const PREFIX = `${TAGS.lease}.`;
const NAME = /^(?<round>\d{1,6})\.(?<attempt>\d{1,6})$/;

/** The tag by which an attempt says that it holds the training. Each has one of its own, so that none can write over another's. */
export function leaseTag(lease: Lease, runId: string, seal: Seal): Readonly<Record<string, string>> {
  const { round, attempt, renewedAt } = lease;
  return { [`${PREFIX}${round}.${attempt}`]: `${renewedAt} ${seal(factsOf(lease, runId))}` };
}

/** The same, once it holds it no more. */
export function releasedTag(holder: Holder, runId: string, seal: Seal): Readonly<Record<string, string>> {
  return leaseTag({ ...holder, renewedAt: RELEASED }, runId, seal);
}

/** The leases among the tags of a run: those that an attempt of this training has sealed. Whoever may write to MLflow can put others there. */
export function readLeases(
  tags: Readonly<Record<string, string>>,
  runId: string,
  seal: Seal,
): readonly Lease[] {
  return Object.entries(tags).flatMap(([name, value]) => {
    if (!name.startsWith(PREFIX)) return [];
    const { round, attempt } = NAME.exec(name.slice(PREFIX.length))?.groups ?? {};
    const [renewedAt = '', sealed] = value.split(' ');
    if (round === undefined || !isInstant(renewedAt)) return [];
    const lease = { round: Number(round), attempt: Number(attempt), renewedAt };
    return sealed === seal(factsOf(lease, runId)) ? [lease] : [];
  });
}

/** Whether the first has taken the training over from the second: a later round, or a later attempt of the same. */
export function isLater(first: Holder, second: Holder): boolean {
  return first.round > second.round || (first.round === second.round && first.attempt > second.attempt);
}

/** Seconds from `now` until none of these holders can be at work any more; 0 when none is. */
export function secondsUntilLost(leases: readonly Lease[], now: Instant, { lost }: LeaseTimes): number {
  return Math.max(0, ...leases.map(({ renewedAt }) => lost - secondsBetween(renewedAt, now)));
}

function factsOf({ round, attempt, renewedAt }: Lease, runId: string): readonly string[] {
  return ['lease', runId, String(round), String(attempt), renewedAt];
}
