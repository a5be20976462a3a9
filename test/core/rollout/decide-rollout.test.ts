import { describe, expect, it } from 'vitest';
import { decideRollout, type RolloutSituation } from '../../../core/rollout/decide-rollout.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import type { RolloutPlan } from '../../../core/rollout/rollout-plan.ts';
import { arm, evidenceOf, instant, PLAN, poll } from './observations.ts';

function situation(
  polls: readonly Observation[],
  over: Partial<RolloutSituation> & { readonly planned?: Partial<RolloutPlan> } = {},
): RolloutSituation {
  const { planned = {}, ...rest } = over;
  return {
    plan: { ...PLAN, ...planned },
    evidence: evidenceOf(polls, planned),
    stage: 1,
    stageStartedAt: instant(0),
    rolloutStartedAt: instant(0),
    now: instant(120),
    control: 'running',
    ...rest,
  };
}

const harmful = [
  poll(1, { candidate: arm(301, { errors: 5 }), stable: arm(2700, { errors: 16 }) }),
  poll(2, { candidate: arm(298, { errors: 8 }), stable: arm(2690, { errors: 14 }) }),
];
const harmless = [
  poll(1, { candidate: arm(1000, { errors: 5 }), stable: arm(9000, { errors: 45 }) }),
  poll(2, { candidate: arm(1000, { errors: 5 }), stable: arm(9000, { errors: 45 }) }),
];

describe('proof of harm', () => {
  it('rolls back at once and says in one sentence what was seen and what was promised', () => {
    const decision = decideRollout(situation(harmful));
    expect(decision).toMatchObject({ kind: 'rollback', code: 'errors-worse' });
    expect(decision.explanation).toBe(
      'Rolled back at 10% after 2 min: errors 13/599 (2.2%) vs 30/5,390 (0.56%) in the same minutes: ' +
        '4.1x [1.1, 12.2] (99%, valid whenever you look); evidence 319:1, limit 100:1. ' +
        'If nothing were wrong this would happen in at most 1 rollout in 100. ' +
        'Its limit is `tolerance` under rollout in trainyard.yml, 1 now.',
    );
    const errors = decision.reasons.find(({ metric }) => metric === 'errors');
    expect(errors?.sampleSize).toBe(599);
    expect(errors?.interval?.level).toBeCloseTo(0.99);
  });

  it('rolls back while held, past the deadline and with too few requests too', () => {
    expect(decideRollout(situation(harmful, { control: 'held' })).kind).toBe('rollback');
    expect(decideRollout(situation(harmful, { now: instant(1e6) }))).toMatchObject({ code: 'errors-worse' });
  });

  it('stays proof when later polls look better', () => {
    const later = poll(3, { candidate: arm(2000, { errors: 2 }), stable: arm(2000, { errors: 40 }) });
    expect(decideRollout(situation([...harmful, later])).kind).toBe('rollback');
  });

  it('finds a version that always fails within a few requests', () => {
    const polls = Array.from({ length: 6 }, (_, index) =>
      poll(index + 1, { seconds: 5, candidate: arm(1, { errors: 1 }), stable: arm(100, { errors: 1 }) }),
    );
    expect(decideRollout(situation(polls.slice(0, 1))).kind).toBe('continue');
    expect(decideRollout(situation(polls)).kind).toBe('rollback');
  });

  it('finds slow answers, counting only beyond the margin and after the warm-up', () => {
    const slow = Array.from({ length: 8 }, (_, index) =>
      poll(index + 1, { candidate: arm(60, { bucket: 5 }), stable: arm(540) }),
    );
    const decision = decideRollout(situation(slow));
    expect(decision).toMatchObject({ kind: 'rollback', code: 'slower' });
    expect(decision.explanation).toContain('over 100 ms');
    expect(decision.explanation).toContain(
      'Its limit is `latency-margin` under rollout in trainyard.yml, 10% now.',
    );
    const within = slow.map((each) => ({ ...each, candidate: arm(60, { bucket: 3 }) }));
    expect(decideRollout(situation(within)).kind).not.toBe('rollback');
  });

  it('finds invalid answers', () => {
    const polls = Array.from({ length: 8 }, (_, index) =>
      poll(index + 1, { candidate: arm(100, { invalid: 3 }), stable: arm(900) }),
    );
    expect(decideRollout(situation(polls))).toMatchObject({ kind: 'rollback', code: 'invalid-worse' });
  });

  it('finds both versions broken by the absolute objective', () => {
    const broken = Array.from({ length: 4 }, (_, index) =>
      poll(index + 1, { candidate: arm(100, { errors: 40 }), stable: arm(900, { errors: 360 }) }),
    );
    expect(decideRollout(situation(broken)).kind).not.toBe('rollback');
    const decision = decideRollout(situation(broken, { planned: { slo: { maxErrorRate: 0.05 } } }));
    expect(decision).toMatchObject({ kind: 'rollback', code: 'objective-broken' });
    expect(decision.explanation).toContain(
      'errors and invalid answers 160/400 (40%) where the configured limit is 5%',
    );
    expect(decision.explanation).toContain('`max-error-rate` under rollout in trainyard.yml, 5% now');
  });

  it('finds a version that breaks during the bake, when there is nothing beside it to compare with', () => {
    const before = poll(1, {
      stage: 2,
      weights: { candidate: 50 },
      candidate: arm(900, { errors: 5 }),
      stable: arm(900, { errors: 5 }),
    });
    const bake = Array.from({ length: 3 }, (_, index) =>
      poll(index + 2, {
        stage: 3,
        weights: { candidate: 100 },
        candidate: arm(100, { errors: 50 }),
        stable: arm(0),
      }),
    );
    const decision = decideRollout(situation([before, ...bake], { stage: 3 }));
    expect(decision).toMatchObject({ kind: 'rollback', code: 'objective-broken' });
    // No key says when: it is taken from the stable version's past.
    expect(decision.explanation).not.toContain('trainyard.yml');
  });
});

describe('a stage', () => {
  it('passes with its requests and its time', () => {
    const decision = decideRollout(situation(harmless, { now: instant(400) }));
    expect(decision).toMatchObject({ kind: 'advance', to: 2 });
    expect(decision.explanation).toMatch(
      /^10% passed after 7 min: 2,000 candidate requests \(1,[0-9]{3} needed\)/,
    );
  });

  it('goes on while its time or its requests are missing, and says which', () => {
    const early = decideRollout(situation(harmless, { now: instant(200) }));
    expect(early).toMatchObject({ kind: 'continue', missing: { requests: 0, seconds: 100 } });
    const few = decideRollout(situation(harmless.slice(0, 1), { now: instant(400) }));
    expect(few).toMatchObject({ kind: 'continue', missing: { seconds: 0 } });
    expect(few.reasons.map(({ code }) => code)).toContain('requests-missing');
  });

  it('passes with fewer requests when the plan says so', () => {
    const planned = { minRequests: 900 };
    expect(decideRollout(situation(harmless.slice(0, 1), { now: instant(400), planned })).kind).toBe(
      'advance',
    );
  });

  it('promotes after the bake', () => {
    const bake = poll(1, {
      stage: 3,
      weights: { candidate: 100 },
      candidate: arm(10_000, { errors: 20 }),
      stable: arm(0),
    });
    const planned = { minRequests: 5000 };
    expect(decideRollout(situation([bake], { stage: 3, now: instant(400), planned })).kind).toBe('promote');
  });
});

describe('holding', () => {
  it('holds on request and goes on when resumed', () => {
    const held = situation(harmless, { control: 'held', now: instant(400) });
    expect(decideRollout(held)).toMatchObject({ kind: 'hold', code: 'held' });
    expect(decideRollout({ ...held, control: 'running' }).kind).toBe('advance');
  });

  it('holds when the candidate gets another share than configured, and no longer than a rollout may wait', () => {
    const skewed = [poll(1, { weights: { candidate: 1 }, candidate: arm(300), stable: arm(9700) })];
    const inTime = situation(skewed, { now: instant(PLAN.deadlineSeconds) });
    const decision = decideRollout(inTime);
    expect(decision).toMatchObject({ kind: 'hold', code: 'routing-off' });
    expect(decision.explanation).toContain('was to get 1% of requests and gets 3%');
    const late = decideRollout({ ...inTime, now: instant(1.26 * PLAN.deadlineSeconds) });
    expect(late).toMatchObject({ kind: 'rollback', code: 'deadline-passed' });
    expect(late.explanation).toContain('was to get 1% of requests and gets 3%');
  });

  it('takes no longer with hosts away than with any other lack', () => {
    const hosts = { total: 2, away: ['https://serve-2:9443'], mayBeAway: 0 };
    const deserted = situation(harmless, { hosts, now: instant(PLAN.deadlineSeconds) });
    expect(decideRollout(deserted)).toMatchObject({ kind: 'hold', code: 'hosts-away' });
    const late = { ...deserted, now: instant(1.26 * PLAN.deadlineSeconds) };
    expect(decideRollout(late)).toMatchObject({ kind: 'rollback', code: 'deadline-passed' });
  });

  it('takes as proof what is proof to the one who decides', () => {
    const plan = { ...PLAN, alarmAlpha: PLAN.alpha / 40 };
    expect(decideRollout({ ...situation(harmful), plan }).kind).toBe('continue');
  });

  it('holds at the deadline without data, then rolls back if the plan says so', () => {
    const late = situation([], { now: instant(PLAN.deadlineSeconds + 60) });
    expect(decideRollout(late)).toMatchObject({ kind: 'hold', code: 'deadline-passed' });
    expect(decideRollout(late).explanation).toContain('Rolls back in');
    const later = { ...late, now: instant(1.26 * PLAN.deadlineSeconds) };
    expect(decideRollout(later)).toMatchObject({ kind: 'rollback', code: 'deadline-passed' });
    const patient = { ...later, plan: { ...PLAN, onNoData: 'hold' as const } };
    expect(decideRollout(patient)).toMatchObject({ kind: 'hold', code: 'deadline-passed' });
  });

  it('does not count time on hold towards the deadline', () => {
    const late = situation([], { now: instant(PLAN.deadlineSeconds + 60), heldSeconds: 120 });
    expect(decideRollout(late).kind).toBe('continue');
  });

  it('holds with its reason when it is asked about a stage or an instant that makes no sense', () => {
    expect(decideRollout(situation([], { stage: 9 }))).toMatchObject({
      kind: 'hold',
      code: 'unusable-input',
    });
    expect(decideRollout(situation([], { now: 'yesterday' }))).toMatchObject({
      kind: 'hold',
      code: 'unusable-input',
    });
  });

  it('never passes without a single poll', () => {
    for (const seconds of [0, 1e3, 1e5, 1e7]) {
      const decision = decideRollout(situation([], { now: instant(seconds) }));
      expect(['continue', 'hold', 'rollback']).toContain(decision.kind);
    }
  });
});
