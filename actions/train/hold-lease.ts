import { messageOf, UserError } from '../../core/errors.ts';
import { secondsBetween } from '../../core/instant.ts';
import {
  type Holder,
  isLater,
  type Lease,
  leaseTag,
  readLeases,
  releasedTag,
  secondsUntilLost,
} from '../../core/training/lease.ts';
import type { TrainPorts, TrainRequest } from './train-context.ts';

type LeaseRequest = Pick<TrainRequest, 'holder' | 'leaseTimes' | 'signal'>;
type LeasePorts = Pick<TrainPorts, 'tracking' | 'clock' | 'log' | 'seal'>;

/** That this attempt holds a training. */
export type HeldLease = {
  /** Aborts once it holds it no more, or can't tell, and when the job is cancelled: nothing of it may run on. */
  readonly signal: AbortSignal;
  /** Rejects with a UserError once it holds it no more: asked before anything is written that counts. */
  readonly require: () => Promise<void>;
  /** Whether it was lost, as far as is known. */
  readonly isLost: () => boolean;
  /** Gives it back, so that the next attempt need not wait; never rejects. What was lost is left as it is. */
  readonly release: () => Promise<void>;
};

/**
 * Takes the training of this run for this attempt, and renews that until it is released. Waits until no earlier attempt can be at work
 * any more. Rejects with a UserError when a later one has it.
 *
 * MLflow compares nothing before it writes, so that each attempt writes a tag of its own: an earlier one stops as soon as it sees a later
 * one, and by itself where it has not been able to look for so long that a later one may have begun.
 */
export async function holdLease(request: LeaseRequest, ports: LeasePorts, runId: string): Promise<HeldLease> {
  const { holder, leaseTimes, signal } = request;
  const { tracking, clock, log, seal } = ports;
  const others = async () => {
    const { tags } = await tracking.getRun(runId);
    return readLeases(tags, runId, seal).filter(
      ({ round, attempt }) => round !== holder.round || attempt !== holder.attempt,
    );
  };
  let lost: UserError | undefined;
  const losing = new AbortController();
  const lose = (why: UserError) => {
    lost ??= why;
    log.warn(lost.message);
    losing.abort(lost);
  };
  const require = async () => {
    const later = (await others()).find((other) => isLater(other, holder));
    if (later !== undefined) lose(takenOver(runId, later));
    if (lost !== undefined) throw lost;
  };
  const renew = async () => {
    const renewedAt = clock.now();
    await require();
    await tracking.setRunTags(runId, leaseTag({ ...holder, renewedAt }, runId, seal));
    return renewedAt;
  };
  let renewedAt = await renew();
  const ending = new AbortController();
  const keep = async () => {
    while (!ending.signal.aborted && lost === undefined) {
      await clock.wait(leaseTimes.renew * 1_000, ending.signal).catch(() => undefined);
      if (ending.signal.aborted) return;
      renewedAt = await renew().catch(() => renewedAt);
      if (secondsBetween(renewedAt, clock.now()) >= leaseTimes.expires)
        lose(notRenewed(runId, leaseTimes.expires));
    }
  };
  const keeping = keep();
  const held: HeldLease = {
    signal: AbortSignal.any([signal, losing.signal]),
    require,
    isLost: () => lost !== undefined,
    release: async () => {
      ending.abort();
      await keeping;
      if (lost === undefined) await giveBack(holder, ports, runId);
    },
  };
  try {
    await outwait(request, ports, { others, signal: held.signal });
    await require();
    return held;
  } catch (thrown) {
    await held.release();
    throw lost ?? thrown;
  }
}

/** What the training has come to stands without it: where it fails the next attempt waits until it is lost, and no more. */
async function giveBack(holder: Holder, { tracking, log, seal }: LeasePorts, runId: string): Promise<void> {
  await tracking.setRunTags(runId, releasedTag(holder, runId, seal)).catch((thrown: unknown) => {
    log.warn(`The lease of run ${runId} could not be given back: ${messageOf(thrown)}`);
  });
}

type Others = {
  readonly others: () => Promise<readonly Lease[]>;
  readonly signal: AbortSignal;
};

/** Waits until none of the others can be at work any more. */
async function outwait(
  { leaseTimes }: LeaseRequest,
  { clock, log }: LeasePorts,
  { others, signal }: Others,
): Promise<void> {
  const begun = clock.now();
  const found = await others();
  const isRenewed = (lease: Lease) =>
    !found.some(
      (known) => !isLater(known, lease) && !isLater(lease, known) && known.renewedAt === lease.renewedAt,
    );
  // What was not renewed since the first look is lost after that time whatever it says: the clock of who wrote it may have been years ahead.
  const left = async () => {
    const now = clock.now();
    const outwaited = secondsBetween(begun, now) >= leaseTimes.lost;
    const leases = await others();
    return secondsUntilLost(outwaited ? leases.filter(isRenewed) : leases, now, leaseTimes);
  };
  let seconds = await left();
  if (seconds > 0) {
    log.info(
      `An earlier attempt may be at work yet: waiting up to ${Math.ceil(seconds)} s, until it has ended for sure.`,
    );
  }
  while (seconds > 0) {
    await clock.wait(Math.min(seconds, leaseTimes.renew) * 1_000, signal);
    seconds = await left();
  }
}

function takenOver(runId: string, { round, attempt }: Holder): UserError {
  return new UserError([
    {
      code: 'lease-lost',
      message: `The training of run ${runId} was taken up by another job (round ${round}, attempt ${attempt}); this one writes nothing any more.`,
      remedy: 'Nothing has to be done: the other job goes on with it.',
    },
  ]);
}

function notRenewed(runId: string, seconds: number): UserError {
  return new UserError([
    {
      code: 'lease-lost',
      message: `MLflow could not be reached for ${seconds} s, so that another job may have taken up the training of run ${runId}; this one was ended.`,
      remedy: 'Run the failed job again once MLflow answers: it goes on from the last checkpoint.',
    },
  ]);
}
