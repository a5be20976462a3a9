import { describe, expect, test } from 'vitest';
import type { Environment } from '../../../core/config/config.ts';
import { detachedLease, pollSeconds } from '../../../core/deploy/leases.ts';
import { addSeconds } from '../../../core/instant.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import { LEASES_TO_RETURN } from '../../../core/serving/decide-traffic.ts';

const START = '2026-11-21T12:00:00.000Z';
const HOUR = 3_600;
const rollout: Rollout = {
  id: 'r',
  version: '2',
  package: 'p',
  hosts: ['a'],
  stages: [10, 100],
  alpha: 0.01,
  stage: 0,
  percent: 10,
  startedAt: START,
  stageStartedAt: START,
  heldSeconds: 0,
  actor: 'ann',
  cause: { kind: 'comment', id: 'comment-1' },
};
const plan: Environment['rollout'] = {
  stages: [10, 100],
  alpha: 0.01,
  alarmAlpha: 0.005,
  stageMinSeconds: 10,
  deadlineSeconds: 6 * HOUR,
  onNoData: 'rollback',
  latencyMargin: 0.1,
  tolerance: 1,
};

describe('the time between two polls', () => {
  test.each([
    [120, 15],
    [40, 10],
    [2, 1],
  ])('renews a lease of %i s four times, every %i s, in reason', (leaseSeconds, seconds) => {
    expect(pollSeconds({ leaseSeconds })).toBe(seconds);
  });
});

describe('the lease of a rollout that no job waits for', () => {
  const leaseAfter = (hours: number, held: Partial<Rollout> = {}) =>
    detachedLease({ ...rollout, ...held }, { rollout: plan }, addSeconds(START, hours * HOUR)) *
    LEASES_TO_RETURN;

  test('has a host that is cut off back on the stable version by the deadline', () => {
    expect(leaseAfter(0)).toBe(6 * HOUR);
    expect(leaseAfter(2)).toBe(4 * HOUR);
  });

  test('is never shorter than half the deadline, however late it is', () => {
    expect(leaseAfter(5)).toBe(3 * HOUR);
    expect(leaseAfter(9)).toBe(3 * HOUR);
  });

  test('does not count the time that people held it, and ends with a hold while they do', () => {
    expect(leaseAfter(5, { heldSeconds: 4 * HOUR })).toBe(5 * HOUR);
    const held = { at: addSeconds(START, HOUR), actor: 'ann', code: 'held', explanation: 'Ann.' };
    expect(leaseAfter(1, { held })).toBe(6 * HOUR);
    expect(leaseAfter(5, { held })).toBe(2 * HOUR);
  });
});
