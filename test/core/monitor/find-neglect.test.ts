import { describe, expect, test } from 'vitest';
import { addSeconds } from '../../../core/instant.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import { findNeglect } from '../../../core/monitor/find-neglect.ts';
import type { RolloutPlan } from '../../../core/rollout/rollout-plan.ts';
import type { Traffic } from '../../../core/serving/api.ts';

const START = '2026-11-21T12:00:00.000Z';
const LEASE = 60;
const rollout: Rollout = {
  ...{ id: 'r', version: '2', stable: '1', package: 'p', hosts: ['a'], stages: [10, 100], alpha: 0.01 },
  ...{ stage: 0, percent: 10, startedAt: START, stageStartedAt: START, heldSeconds: 0, actor: 'ann' },
  cause: { kind: 'comment', id: 'comment-1' },
};
const plan: RolloutPlan = {
  ...{ stages: [10, 100], alpha: 0.01, alarmAlpha: 0.01, stageMinSeconds: 60, deadlineSeconds: 3_600 },
  ...{ onNoData: 'rollback', latencyMargin: 0.1, tolerance: 1.2 },
};
const alone: Traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 3 };
const serving: Traffic = {
  ...{ ...alone, candidate: '2', candidatePercent: 10 },
  lease: {
    ...{ rollout: 'r', plan, tempering: { errors: 1, slow: 1, refused: 1, invalid: 1 }, stage: 0 },
    ...{ rolloutStartedAt: START, stageStartedAt: START, control: 'running', leaseSeconds: LEASE },
  },
};
const braked = (code: string, of = 'r'): Traffic => ({
  ...{ ...serving, candidatePercent: 0 },
  brake: { rollout: of, version: '2', code, explanation: 'So it was.', at: START },
});

function neglectOf(traffic: readonly Traffic[], seconds = 600, more: Partial<Rollout> = {}) {
  const settings = { leaseSeconds: LEASE, rollout: plan };
  const now = addSeconds(START, seconds);
  const found = findNeglect({ ...rollout, ...more }, { traffic, settings, now });
  return found && `${found.wants} ${found.code}`;
}

describe('an open rollout', () => {
  test('that its hosts serve is left to its job', () => {
    expect(neglectOf([serving, serving])).toBeUndefined();
    expect(neglectOf([serving, alone])).toBeUndefined();
  });

  test('that a host has braked for harm is to end, that of another says nothing', () => {
    expect(neglectOf([serving, braked('slower')])).toBe('end slower');
    expect(neglectOf([serving, braked('slower', 'another')])).toBeUndefined();
  });

  test('that no job was heard of is to go on, and to end when its time is over', () => {
    expect(neglectOf([serving, braked('lease-expired')])).toBe('go-on lease-expired');
    expect(neglectOf([serving, braked('lease-expired')], 4_501)).toBe('end deadline-passed');
  });

  test('that no host has any more is to go on, once a job would have given it two leases', () => {
    expect(neglectOf([alone, alone], 2 * LEASE)).toBeUndefined();
    expect(neglectOf([alone, alone], 2 * LEASE + 1)).toBe('go-on unserved');
  });

  test('that is still dark, or whose hosts do not answer, may have a job: it ends with its time', () => {
    expect(neglectOf([alone, alone], 600, { percent: 0 })).toBeUndefined();
    expect(neglectOf([], 600)).toBeUndefined();
    expect(neglectOf([alone, alone], 4_501, { percent: 0 })).toBe('end deadline-passed');
    expect(neglectOf([], 4_501)).toBe('end deadline-passed');
  });
});
