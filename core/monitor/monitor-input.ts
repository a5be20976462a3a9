import type { Monitor } from '../config/config.ts';
import type { AccuracyEstimate } from '../drift/estimate-accuracy.ts';
import type { FastLaneJudgement } from '../drift/fast-lane.ts';
import type { DriftJudgement } from '../drift/judge-drift.ts';
import type { LabelJudgement } from '../drift/labels/judge-labels.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { HostWarning, Instance } from '../serving/api.ts';
import type { Reason } from '../verdict.ts';

/** What is known of one serving host. */
export type HostReport = {
  readonly host: string;
  /** When it was asked and answered; absent when it could not be asked, and then `problem` says why. */
  readonly lastSeenAt?: string;
  readonly problem?: string;
  /** What the host says it serves as stable, and how it does where it runs that. */
  readonly serving?: {
    readonly version: string;
    readonly package?: string;
    readonly state?: Instance['state'];
    readonly message?: string;
  };
  /** Requests that it answered with the champion of late, and the predictions of it that it counted; absent where that can't be told. */
  readonly counting?: { readonly answered: number; readonly counted: number };
  /** Why it has braked the rollout that made the champion that. */
  readonly braked?: string;
  /** What it says is wrong with itself, or with some model's traffic there. */
  readonly warnings?: readonly HostWarning[];
};

/** When the monitor was last run by its schedule: `first` where this is the first time, `unknown` where that can't be told. */
export type LastRun =
  | { readonly kind: 'known'; readonly at: string }
  | { readonly kind: 'first' }
  | { readonly kind: 'unknown'; readonly why: string };

/** Everything a monitor decision depends on. What could not be judged is absent, and `unjudged` says why. */
export type MonitorInput = {
  readonly now: string;
  readonly environment: string;
  readonly ledger: LedgerState;
  readonly policy: Monitor;
  /** A model is given this long from the end of its training to the start of its rollout. */
  readonly deliverySeconds: number;
  readonly hosts: readonly HostReport[];
  readonly drift?: DriftJudgement;
  readonly fastLane?: FastLaneJudgement;
  readonly labels?: LabelJudgement;
  readonly accuracy?: AccuracyEstimate;
  /** Why none of the four could be judged. */
  readonly unjudged?: Reason;
  readonly lastRun: LastRun;
};
