import type { Monitor } from '../config/config.ts';
import type { AccuracyEstimate } from '../drift/estimate-accuracy.ts';
import type { FastLaneJudgement } from '../drift/fast-lane.ts';
import type { GoldenReplay } from '../drift/golden-replay.ts';
import type { DriftJudgement } from '../drift/judge-drift.ts';
import type { LabelJudgement } from '../drift/judge-labels.ts';
import type { LedgerState } from '../ledger/state.ts';

/** What is known of one serving host. */
export type HostReport = {
  readonly host: string;
  /** Last sign of life, by poll or by heartbeat; absent when there never was one. */
  readonly lastSeenAt?: string;
  /** What the host says it serves as stable. */
  readonly serving?: { readonly version: string; readonly package?: string };
  readonly golden?: GoldenReplay;
};

/** Everything a monitor decision depends on. Parts that could not be judged are absent. */
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
  /** When the monitor ran before this time. */
  readonly lastRunAt?: string;
};
