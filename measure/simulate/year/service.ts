import type { LabelCount } from '../../../core/drift/labels/build-cohorts.ts';
import type { ReferenceProfile } from '../../../core/drift/profile.ts';
import type { CaptureWindow } from '../../../core/drift/window.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Cause } from '../../../core/ledger/cause.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { startFold } from '../../../core/ledger/fold.ts';
import type { LedgerState } from '../../../core/ledger/state.ts';
import type { Draws } from '../draws.ts';
import type { Circumstances } from './deployment.ts';
import { BEGAN, CALM, DAY_MS, dayOf, HOUR_MS, startHost, type Weather } from './host.ts';
import { drawVersion, MODEL, type Version } from './model.ts';
import { recordFailure, recordRequest, recordVersion } from './records.ts';

/** Hours from the request of a training to the promotion of its model, and to its failure. */
const TRAINING_HOURS = 12;
const FAILURE_HOURS = 1;
/** How long the version before has served when the year begins. */
const BEFORE_DAYS = 30;

/** How a training ends: with a version that is promoted, or without a model. */
type Ending = 'done' | 'failed';

/** A deployment as it goes on: its host, its ledger, and the training that is under way. */
export type Service = {
  /** Goes on to this time (ms since 1970), past the end of a training. */
  readonly goOn: (now: number) => void;
  readonly serving: () => { readonly version: string; readonly profile: ReferenceProfile };
  /** What the host gives now. */
  readonly windows: () => readonly CaptureWindow[];
  readonly labels: () => readonly LabelCount[];
  readonly ledger: () => LedgerState;
  readonly record: (event: LedgerEvent) => void;
  /** Begins a training, unless one is under way. */
  readonly train: (now: number, cause: Cause, end: Ending) => void;
};

type Pending = { readonly at: number; readonly cause: Cause; readonly end: Ending };

/** A deployment at the beginning of the year: its second version has just been promoted. */
export function startService(
  draws: Draws,
  deployment: Circumstances,
  weatherOn: (day: number) => Weather,
): Service {
  const fold = startFold(MODEL);
  const host = startHost(draws, deployment, weatherOn);
  let clock = BEGAN;
  let version = 0;
  let pending: Pending | undefined;
  const nameNext = (at: number, cause: Cause) => {
    version += 1;
    for (const event of recordVersion(toInstant(at), cause, String(version))) fold.add(event);
  };
  /** Profiled on what the world was like then. */
  const draw = (at: number, { shift }: Weather): Version =>
    drawVersion(draws, deployment, { version: String(version), created: toInstant(at), shift });
  nameNext(BEGAN - BEFORE_DAYS * DAY_MS, { kind: 'manual', id: 'first' });
  nameNext(BEGAN, { kind: 'manual', id: 'second' });
  let serving = draw(BEGAN, CALM);

  const end = ({ at, cause, end }: Pending) => {
    host.serve(at, serving);
    if (end === 'failed') {
      fold.add(recordFailure(toInstant(at), cause));
      return;
    }
    nameNext(at, cause);
    serving = draw(at, weatherOn(dayOf(at)));
  };

  return {
    goOn: (now) => {
      const due = pending !== undefined && pending.at <= now ? pending : undefined;
      if (due !== undefined) {
        pending = undefined;
        end(due);
      }
      host.serve(now, serving);
      clock = now;
    },
    serving: () => ({ version: String(version), profile: serving.profile }),
    windows: () => host.windows(),
    labels: () => host.labels(clock, String(version)),
    ledger: fold.state,
    record: fold.add,
    train: (now, cause, ending) => {
      if (pending !== undefined) return;
      fold.add(recordRequest(toInstant(now), cause));
      pending = {
        at: now + (ending === 'done' ? TRAINING_HOURS : FAILURE_HOURS) * HOUR_MS,
        cause,
        end: ending,
      };
    },
  };
}
