import { describe, expect, test } from 'vitest';
import { addSeconds } from '../../../core/instant.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import { findOverdue } from '../../../core/rollout/find-overdue.ts';

const START = '2026-11-21T12:00:00.000Z';
const HOUR = 3_600;
const open: Rollout = {
  ...{ id: 'r', version: '2', stable: '1', package: 'p', hosts: ['a'], stages: [10, 100], alpha: 0.01 },
  ...{ stage: 0, percent: 10, startedAt: START, stageStartedAt: START, heldSeconds: 0, actor: 'ann' },
  cause: { kind: 'comment', id: 'comment-1' },
};
const heldAt = (hours: number) => ({
  ...{ at: addSeconds(START, hours * HOUR), actor: 'bob', code: 'held', explanation: 'Held.' },
});

/** Why it should have ended after so many hours, at a deadline of four. */
function overdueAfter(
  hours: number,
  more: Partial<Rollout> = {},
  onNoData: 'hold' | 'rollback' = 'rollback',
) {
  const plan = { deadlineSeconds: 4 * HOUR, onNoData };
  return findOverdue({ ...open, ...more }, plan, addSeconds(START, hours * HOUR))?.code;
}

describe('an open rollout', () => {
  test('is overdue a quarter of its deadline after that', () => {
    expect([4.1, 5, 5.1].map((hours) => overdueAfter(hours))).toEqual([
      undefined,
      undefined,
      'deadline-passed',
    ]);
  });

  test('may be open for as much longer as people held it', () => {
    expect(overdueAfter(6, { heldSeconds: HOUR })).toBeUndefined();
    expect(overdueAfter(6.1, { heldSeconds: HOUR })).toBe('deadline-passed');
  });

  test('that a person holds is overdue one deadline after that', () => {
    expect(overdueAfter(6.9, { held: heldAt(3) })).toBeUndefined();
    expect(overdueAfter(7, { held: heldAt(3) })).toBe('hold-expired');
  });

  test('that is to be held for want of data is never overdue', () => {
    expect(overdueAfter(100, {}, 'hold')).toBeUndefined();
    expect(overdueAfter(100, { held: heldAt(3) }, 'hold')).toBe('hold-expired');
  });
});
