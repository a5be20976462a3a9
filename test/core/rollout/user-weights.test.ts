import { describe, expect, test } from 'vitest';
import { decideRollout } from '../../../core/rollout/decide-rollout.ts';
import { gatherEvidence } from '../../../core/rollout/evidence/evidence.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import {
  addUserWeights,
  largerUserWeights,
  NO_USERS,
  type UserCounts,
  type UserWeights,
  weighUsers,
} from '../../../core/rollout/evidence/user-weights.ts';
import { arm, instant, PLAN, poll } from './observations.ts';

const user = (requests: number, errors = 0): UserCounts => ({ requests, errors, refused: 0, slow: 0 });
const alike = (users: number, of: UserCounts) => Array.from({ length: users }, () => of);

describe('how many requests of users count as one', () => {
  test('is one where each has asked once, whatever came of it', () => {
    expect(weighUsers([...alike(90, user(1)), ...alike(10, user(1, 1))]).errors).toBeCloseTo(1, 9);
    expect(weighUsers([])).toEqual(NO_USERS);
  });

  test('is what one user has sent and got back bad more than the others, where one alone fails', () => {
    const { errors, heaviest } = weighUsers([...alike(99, user(100)), user(100, 50)]);
    expect(heaviest).toBe(100);
    expect(errors).toBeCloseTo(49.75, 1);
  });

  test('is the design effect of Kish where half of the users fail and half do not', () => {
    // All of a user's requests are alike, so m of them count as one: 1 + (m - 1) rho with rho = 1.
    const { errors } = weighUsers([...alike(50, user(20)), ...alike(50, user(20, 20))]);
    expect(errors).toBeCloseTo(20, 6);
  });

  test('stays one when everybody fails alike', () => {
    expect(weighUsers(alike(100, user(20, 20))).errors).toBe(1);
  });

  test('adds up over hosts, which the same users may ask, and is not forgotten', () => {
    const weights = { heaviest: 10, errors: 3, refused: 1, slow: 2 };
    expect(addUserWeights([weights, weights, NO_USERS])).toEqual({
      heaviest: 19,
      errors: 5,
      refused: 1,
      slow: 3,
    });
    expect(largerUserWeights(weights, { ...NO_USERS, slow: 5 })).toEqual({ ...weights, slow: 5 });
  });
});

describe('a rollout whose users are dealt to the versions', () => {
  // One user in a hundred always fails, and the candidate has got it.
  const unlucky = (users: UserWeights | undefined): readonly Observation[] =>
    Array.from({ length: 5 }, (_, index) =>
      poll(index + 1, {
        ...{ candidate: arm(100, { errors: 10 }), stable: arm(900) },
        ...(users && { users }),
      }),
    );
  const decide = (polls: readonly Observation[]) =>
    decideRollout({
      ...{ plan: PLAN, evidence: gatherEvidence(PLAN, polls), stage: 1, control: 'running' },
      ...{ stageStartedAt: instant(0), rolloutStartedAt: instant(0), now: instant(300) },
    });

  test('is judged by users: one who always fails is no proof', () => {
    expect(decide(unlucky(undefined)).kind).toBe('rollback');
    const { kind, reasons } = decide(unlucky({ heaviest: 50, errors: 49.5, refused: 1, slow: 1 }));
    expect(kind).not.toBe('rollback');
    expect(reasons.find(({ code }) => code === 'users-dealt')?.message).toBe(
      'Users are dealt to the versions, not requests: one has sent up to 50 of them, and 49.5 errors count as one.',
    );
  });

  test('is not held for a share that a few heavy users make', () => {
    const skewed = (users: UserWeights | undefined) => [
      poll(1, { candidate: arm(300), stable: arm(700), ...(users && { users }) }),
    ];
    expect(decide(skewed(undefined))).toMatchObject({ kind: 'hold', code: 'routing-off' });
    expect(decide(skewed({ ...NO_USERS, heaviest: 250 })).kind).not.toBe('hold');
  });

  test('does not pass a stage on requests that could prove nothing, however many there are', () => {
    const weights = { heaviest: 90_000, errors: 45_000, refused: 1, slow: 1 };
    const failing = [
      poll(1, { candidate: arm(100_000, { errors: 90_000 }), stable: arm(900_000), users: weights }),
    ];
    const decision = decideRollout({
      ...{ plan: PLAN, evidence: gatherEvidence(PLAN, failing), stage: 1, control: 'running' },
      ...{ stageStartedAt: instant(0), rolloutStartedAt: instant(0), now: instant(3_600) },
    });
    expect(decision.kind).toBe('continue');
    expect(decision.explanation).toContain('2 candidate requests');
  });
});
