import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { decideRollout } from '../../../core/rollout/decide-rollout.ts';
import { addObservation, startEvidence } from '../../../core/rollout/evidence/evidence.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import type { RolloutRecord } from '../../../core/rollout/record/record.ts';
import type { RolloutPlan } from '../../../core/rollout/rollout-plan.ts';
import { hostIdOf } from '../../fixtures/host-id-of.ts';
import { instant, PLAN } from './observations.ts';

const ROLLOUT = 'r-1';
const PACKAGE = `demo@sha256:${'a'.repeat(64)}`;
const here = { rollout: ROLLOUT, environment: 'production' };

const common = (seconds: number, step: string) => ({
  v: 1 as const,
  id: `r-1-${step}`,
  at: instant(seconds),
  model: 'demo',
  actor: 'mara',
  cause: { kind: 'manual' as const, id: 'c-1' },
  workflow: { repository: 'o/r', run: '1', attempt: 1, sha: 'abc' },
});

/** How a candidate's polls look at a stage: given the stage and the minute. */
export type Traffic = (stage: number, minute: number) => Pick<Observation, 'candidate' | 'stable'>;

/** Runs a rollout a poll a minute, deciding after each, until it ends or `minutes` are over, and gives its record. */
export function driveRecorded(
  traffic: Traffic,
  minutes: number,
  over: Partial<RolloutPlan> = {},
): RolloutRecord {
  const plan = { ...PLAN, ...over };
  const events: LedgerEvent[] = [startEvent(plan), advanceEvent(plan, 0, 0)];
  const observations: Observation[] = [];
  let evidence = startEvidence(plan);
  let stage = 0;
  let stageStartedAt = instant(0);
  for (let minute = 1; minute <= minutes; minute += 1) {
    const seconds = 60 * minute;
    const observation: Observation = {
      hostId: hostIdOf('serve-1'),
      host: 'serve-1',
      at: instant(seconds),
      seq: minute,
      seconds: 60,
      stage,
      weights: { candidate: plan.stages[stage] ?? 100 },
      ...traffic(stage, minute),
    };
    observations.push(observation);
    evidence = addObservation(evidence, observation);
    const situation = { plan, evidence, stage, stageStartedAt, rolloutStartedAt: instant(0) };
    const decision = decideRollout({ ...situation, now: instant(seconds), control: 'running' });
    if (decision.kind === 'promote' || decision.kind === 'rollback') {
      const code = decision.kind === 'rollback' ? decision.code : undefined;
      events.push(endEvent(seconds, code, decision.explanation));
      break;
    }
    if (decision.kind !== 'advance') continue;
    stage = decision.to;
    stageStartedAt = instant(seconds);
    events.push(advanceEvent(plan, stage, seconds));
  }
  return { schema: 'trainyard.rollout-record/1', rollout: ROLLOUT, plan, observations, events };
}

function startEvent({ stages, alpha }: RolloutPlan): LedgerEvent {
  const data = { ...here, version: '8', stable: '7', package: PACKAGE, hosts: ['serve-1'], stages, alpha };
  return { ...common(0, 'start'), kind: 'rollout.started', data };
}

function advanceEvent({ stages }: RolloutPlan, stage: number, seconds: number): LedgerEvent {
  const data = { ...here, version: '8', stage, percent: stages[stage] ?? 100, explanation: '' };
  return { ...common(seconds, `stage-${stage}`), kind: 'rollout.advanced', data };
}

function endEvent(seconds: number, code: string | undefined, explanation: string): LedgerEvent {
  return code === undefined
    ? {
        ...common(seconds, 'end'),
        kind: 'rollout.promoted',
        data: { ...here, version: '8', previous: '7', package: PACKAGE, explanation },
      }
    : {
        ...common(seconds, 'end'),
        kind: 'rollout.rolled-back',
        data: { ...here, version: '8', stable: '7', code, explanation },
      };
}
