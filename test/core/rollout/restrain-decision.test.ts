import { describe, expect, test } from 'vitest';
import { addSeconds } from '../../../core/instant.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import type { RolloutDecision } from '../../../core/rollout/decide-rollout.ts';
import type { Obstacle } from '../../../core/rollout/find-obstacle.ts';
import { restrainDecision } from '../../../core/rollout/restrain-decision.ts';

const START = '2026-11-21T12:00:00.000Z';
const HOUR = 3_600;
const open: Rollout = {
  ...{ id: 'r', version: '2', stable: '1', package: 'p', hosts: ['a'], stages: [10, 100], alpha: 0.01 },
  ...{ stage: 0, percent: 10, startedAt: START, stageStartedAt: START, heldSeconds: 0, actor: 'ann' },
  cause: { kind: 'comment', id: 'comment-1' },
};
const frozen: Obstacle = { code: 'frozen', explanation: 'Frozen.' };
const said = { reasons: [], explanation: 'So it is.' };
const advance: RolloutDecision = { kind: 'advance', to: 1, ...said };
const promote: RolloutDecision = { kind: 'promote', ...said };
const goOn: RolloutDecision = { kind: 'continue', missing: { requests: 1, seconds: 0 }, ...said };
const harm: RolloutDecision = { kind: 'rollback', code: 'slower', ...said };
const heldBy: RolloutDecision = { kind: 'hold', code: 'held', ...said };

function become(
  decision: RolloutDecision,
  obstacle: Obstacle | undefined,
  more: { readonly hours?: number } & Partial<Rollout> = {},
): string {
  const { hours = 1, ...rollout } = more;
  const now = addSeconds(START, hours * HOUR);
  const plan = { deadlineSeconds: 6 * HOUR };
  const found = restrainDecision(decision, { rollout: { ...open, ...rollout }, obstacle, plan, now });
  return 'code' in found ? `${found.kind} ${found.code}` : found.kind;
}

describe('what becomes of a decision', () => {
  test.each([
    ['advance', advance],
    ['promote', promote],
    ['continue', goOn],
    ['rollback slower', harm],
    ['hold held', heldBy],
  ])('without an obstacle: %s stays', (name, decision) => {
    expect(become(decision, undefined)).toBe(name);
  });

  test('in a freeze nothing is raised or promoted, and harm is taken back', () => {
    expect(become(advance, frozen)).toBe('hold frozen');
    expect(become(promote, frozen)).toBe('hold frozen');
    expect(become(goOn, frozen)).toBe('continue');
    expect(become(goOn, frozen, { percent: 0 })).toBe('hold frozen');
    expect(become(harm, frozen)).toBe('rollback slower');
  });

  test('an obstacle has the candidate taken back at the deadline, time on hold not counted', () => {
    expect(become(promote, frozen, { hours: 6 })).toBe('rollback frozen');
    expect(become(promote, frozen, { hours: 6, heldSeconds: HOUR })).toBe('hold frozen');
  });

  test('another champion has it taken back at once', () => {
    expect(become(goOn, { code: 'other-champion', explanation: '' })).toBe('rollback other-champion');
  });

  test('a person’s hold ends after one deadline, whenever it began', () => {
    const held = { at: addSeconds(START, 2 * HOUR), actor: 'ann', code: 'held', explanation: '' };
    expect(become(heldBy, undefined, { hours: 7.9, held })).toBe('hold held');
    expect(become(heldBy, undefined, { hours: 8, held })).toBe('rollback hold-expired');
    expect(become(heldBy, undefined, { hours: 8, held: { ...held, code: 'hosts-away' } })).toBe('hold held');
  });
});
