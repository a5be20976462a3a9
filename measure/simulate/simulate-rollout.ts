import { type Baseline, NO_BASELINE } from '../../core/rollout/evidence/baseline.ts';
import { addObservation, startEvidence } from '../../core/rollout/evidence/evidence.ts';
import type { Observation } from '../../core/rollout/evidence/observation.ts';
import type { RolloutPlan } from '../../core/rollout/rollout-plan.ts';
import type { Draws } from './draws.ts';
import { drawPoll, type SimulatedTraffic } from './traffic.ts';

/** The plan on which the simulation runs: the product's defaults. */
export const PLAN: RolloutPlan = {
  stages: [1, 10, 50, 100],
  alpha: 0.01,
  alarmAlpha: 0.01,
  stageMinSeconds: 300,
  deadlineSeconds: 6 * 3600,
  onNoData: 'rollback',
  latencyMargin: 0.1,
  tolerance: 1,
};

/** Which stage a simulated rollout is at during each of its polls. */
export type Schedule = {
  readonly pollSeconds: number;
  readonly polls: number;
  readonly stageAt: (poll: number) => number;
};

/** Stages of 1, 10 and 50 % for half an hour each, polled every minute. */
export const HALF_HOURS: Schedule = {
  pollSeconds: 60,
  polls: 90,
  stageAt: (poll) => Math.min(2, Math.floor((poll - 1) / 30)),
};

/** All polls of one simulated rollout. */
export function* drawRollout(
  draws: Draws,
  schedule: Schedule,
  traffic: SimulatedTraffic,
): Generator<Observation> {
  for (let seq = 1; seq <= schedule.polls; seq += 1) {
    const stage = schedule.stageAt(seq);
    const poll = { seq, seconds: schedule.pollSeconds, stage, percent: PLAN.stages[stage] ?? 100 };
    yield drawPoll(draws, poll, traffic);
  }
}

/** Where a rollout was stopped: after how many polls, and after how many requests of the candidate. */
export type Stop = { readonly polls: number; readonly candidateRequests: number };

/** Looks after every poll and stops at the first proof of harm; `undefined` when there is none. */
export function watch(polls: Iterable<Observation>, baseline: Baseline = NO_BASELINE): Stop | undefined {
  let evidence = startEvidence(PLAN, baseline);
  let candidateRequests = 0;
  let count = 0;
  for (const poll of polls) {
    evidence = addObservation(evidence, poll);
    candidateRequests += poll.candidate.requests;
    count += 1;
    if (evidence.peak.total >= -Math.log(PLAN.alpha)) return { polls: count, candidateRequests };
  }
  return undefined;
}
