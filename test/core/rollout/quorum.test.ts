import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRollout } from '../../../core/rollout/decide-rollout.ts';
import { judgeQuorum } from '../../../core/rollout/quorum.ts';
import { arm, evidenceOf, instant, PLAN, poll } from './observations.ts';

const hosts = fc
  .nat({ max: 20 })
  .map((count) => Array.from({ length: count }, (_, i) => `http://serve-${i}`));

describe('a quorum', () => {
  it('names the hosts that are away, and how many may be', () => {
    const quorum = judgeQuorum({ total: 3, away: ['http://serve-2'], mayBeAway: 1 });
    expect(quorum).toMatchObject({ kind: 'enough', reason: { code: 'hosts-away', observed: 1, limit: 1 } });
    expect(quorum.kind !== 'all' && quorum.reason.message).toBe(
      '1 of 3 hosts take no part (http://serve-2); at most 1 may be away.',
    );
  });

  it('is never had without a host, whatever may be away', () => {
    fc.assert(
      fc.property(hosts, fc.nat({ max: 30 }), (away, mayBeAway) => {
        expect(judgeQuorum({ total: away.length, away, mayBeAway }).kind).toBe('too-few');
      }),
    );
  });

  it('is lost by one more host away than may be, and not before', () => {
    fc.assert(
      fc.property(hosts, fc.nat({ max: 20 }), fc.integer({ min: 1, max: 20 }), (away, mayBeAway, present) => {
        const { kind } = judgeQuorum({ total: away.length + present, away, mayBeAway });
        const expected = away.length > mayBeAway ? 'too-few' : 'enough';
        expect(kind).toBe(away.length === 0 ? 'all' : expected);
      }),
    );
  });
});

describe('a rollout without a quorum', () => {
  const harmless = [
    poll(1, { candidate: arm(1000, { errors: 5 }), stable: arm(9000, { errors: 45 }) }),
    poll(2, { candidate: arm(1000, { errors: 5 }), stable: arm(9000, { errors: 45 }) }),
  ];
  const harmful = [poll(1, { candidate: arm(300, { errors: 100 }), stable: arm(2700, { errors: 16 }) })];
  const decide = (polls: typeof harmless, seconds: number, away: readonly string[], mayBeAway = 1) =>
    decideRollout({
      plan: { ...PLAN, minRequests: 100, stageMinSeconds: 60, deadlineSeconds: 3_600 },
      evidence: evidenceOf(polls),
      stage: PLAN.stages.length - 1,
      stageStartedAt: instant(0),
      rolloutStartedAt: instant(0),
      now: instant(seconds),
      control: 'running',
      hosts: { total: 3, away, mayBeAway },
    });

  it('is held until the deadline, held on, and then rolled back', () => {
    const away = ['http://serve-2', 'http://serve-3'];
    expect(decide(harmless, 120, away)).toMatchObject({ kind: 'hold', code: 'hosts-away' });
    expect(decide(harmless, 3_700, away)).toMatchObject({ kind: 'hold', code: 'deadline-passed' });
    const ended = decide(harmless, 4_600, away);
    expect(ended).toMatchObject({ kind: 'rollback', code: 'deadline-passed' });
    expect(ended.explanation).toContain('http://serve-3');
  });

  it('is rolled back at once on proof of harm', () => {
    expect(decide(harmful, 120, ['http://serve-2', 'http://serve-3'])).toMatchObject({
      kind: 'rollback',
      code: 'errors-worse',
    });
  });

  it('is never advanced or promoted, whatever was seen', () => {
    const counts = fc.nat({ max: 5_000 });
    fc.assert(
      fc.property(counts, counts, fc.nat({ max: 10_000 }), hosts, (candidate, stable, seconds, away) => {
        const polls = [poll(1, { candidate: arm(candidate), stable: arm(stable) })];
        const { kind } = decide(polls, seconds, away, away.length - 1);
        expect(['hold', 'rollback'].includes(kind) || away.length === 0).toBe(true);
      }),
    );
  });

  it('goes on where no more hosts are away than may be, and says which', () => {
    const decision = decide(harmless, 120, ['http://serve-2']);
    expect(['advance', 'promote', 'continue']).toContain(decision.kind);
    expect(decision.reasons.map(({ code }) => code)).toContain('hosts-away');
  });
});
