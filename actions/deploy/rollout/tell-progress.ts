import { type Instant, secondsBetween } from '../../../core/instant.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Announcer } from '../announcer.ts';
import { describeOpen } from '../outcomes.ts';
import type { JudgedRollout } from './judge.ts';

/** A comment is edited no oftener, in seconds: GitHub bounds what one token writes in an hour, and other jobs write with it too. */
const SECONDS_BETWEEN = 120;

type TellPorts = { readonly announcer: Pick<Announcer, 'progress'>; readonly clock: Pick<Clock, 'now'> };

/** Tells, now and then, where a stage is that goes on, and what it still needs. A new stage is told by whoever enters it. */
export function createProgress(
  { announcer, clock }: TellPorts,
  environment: string,
): (rollout: Rollout, judged: JudgedRollout) => void {
  let toldAt: Instant = clock.now();
  let told = '';
  return (rollout, { decision, report }) => {
    // Of a first version there is nothing to say: it is compared with nothing.
    if (rollout.stable === undefined || rollout.percent === 0) return;
    if (decision.kind !== 'continue' && decision.kind !== 'hold') {
      toldAt = clock.now();
      return;
    }
    if (decision.explanation === told || secondsBetween(toldAt, clock.now()) < SECONDS_BETWEEN) return;
    announcer.progress(describeOpen(environment, rollout, report));
    toldAt = clock.now();
    told = decision.explanation;
  };
}
