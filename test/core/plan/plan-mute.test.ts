import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { PlanDecision } from '../../../core/plan/decision.ts';
import { planEvent } from '../../../core/plan/plan-event.ts';
import type { PlanInput } from '../../../core/plan/plan-input.ts';
import { commentPayload, contextOf, input, pullRequest, stateOf } from './plan-support.ts';

function plan(body: string, changes: Partial<PlanInput> = {}): PlanDecision {
  return planEvent({ ...input, payload: commentPayload(body), ...changes });
}

function byHand(inputs: Readonly<Record<string, string>>): PlanDecision {
  const payload = { ref: 'refs/heads/main', inputs, sender: { login: 'ada' } };
  return planEvent({ ...input, eventName: 'workflow_dispatch', payload });
}

const said = (decision: PlanDecision) =>
  decision.kind === 'refuse' ? `${decision.code}: ${decision.message} ${decision.remedy}` : decision.kind;

const MUTED = stateOf(
  createEvent(contextOf('m'), 'monitor.muted', {
    ...{ environment: 'production', code: 'drift:age', reason: '', until: '2026-11-25T00:00:00.000Z' },
  }),
);

describe('/mute', () => {
  it('mutes a finding of the default environment for seven days from the comment on', () => {
    expect(plan('/mute drift-act:age')).toMatchObject({
      ...{ operation: 'mute', environment: 'production', finding: 'drift-act:age' },
      until: '2026-11-28T08:59:50.000Z',
    });
    expect(plan('/mute drift-act:age')).not.toHaveProperty('reason');
  });

  it.each([
    [
      '/mute host-lost staging for 14d new disks',
      'host-lost',
      'staging',
      '2026-12-05T08:59:50.000Z',
      'new disks',
    ],
    ['/mute host-lost for 1h', 'host-lost', 'production', '2026-11-21T09:59:50.000Z', undefined],
    ['/mute host-lost for 90d', 'host-lost', 'production', '2027-02-19T08:59:50.000Z', undefined],
    ['/mute "drift:air time" staging sale', 'drift:air time', 'staging', '2026-11-28T08:59:50.000Z', 'sale'],
    [
      '/mute x:y STAGING for 2w "all of it" for good',
      'x:y',
      'staging',
      '2026-12-05T08:59:50.000Z',
      'all of it for good',
    ],
  ])('%s', (body, finding, environment, until, reason) => {
    const decision = plan(body);
    expect(decision).toMatchObject({ kind: 'operation', finding, environment, until });
    expect('reason' in decision ? decision.reason : undefined).toBe(reason);
  });

  it.each([
    [
      '/mute',
      'bad-argument: `/mute` needs the code of a finding. Write `/mute CODE [environment] [for 7d] [reason]`.',
    ],
    ['/mute for 7d', 'bad-argument: `for 7d` is no code of a finding. '],
    ['/mute Host-Lost', 'bad-argument: `Host-Lost` is no code of a finding. '],
    ['/mute host-lost for', 'bad-argument: `for` needs a time. '],
    ['/mute host-lost for ever', 'bad-argument: `for ever` names no time of 90 d at most. '],
    ['/mute host-lost for 0d', 'bad-argument: `for 0d` names no time of 90 d at most. '],
    ['/mute host-lost for 91d', 'bad-argument: `for 91d` names no time of 90 d at most. '],
    ['/mute host-lost too noisy', 'unknown-environment: There is no environment `too`. '],
    [
      '/mute host-lost for 7d staging only',
      'bad-argument: `staging` stands after the time, where a reason does. ',
    ],
    [`/mute host-lost for 7d ${'x'.repeat(301)}`, 'bad-argument: The reason has 301 characters. '],
    [
      '/mute champion-braked',
      'never-muted: `champion-braked` is never muted: a host took this version off its users for harm',
    ],
    ['/mute served-unknown:https://a:1', 'never-muted: `served-unknown` is never muted: users get answers'],
    ['/mute retrain-cooldown', 'never-muted: `retrain-cooldown` is no finding: '],
  ])('%s is refused', (body, sentence) => {
    expect(said(plan(body))).toContain(sentence);
  });

  it('lessens safety: not from a fork, nor on a branch nobody has looked at', () => {
    const fork = { ...pullRequest, headRepository: 'eve/digits' };
    expect(plan('/mute host-lost', { pullRequest: fork })).toMatchObject({ code: 'fork' });
    expect(plan('/unmute drift:age', { pullRequest: fork, state: MUTED })).toMatchObject({ code: 'fork' });
  });

  it('by hand says the same after the name of the operation', () => {
    const hand = { operation: 'mute', parameters: 'host-lost for 14d new disks', environment: 'staging' };
    expect(byHand(hand)).toMatchObject({
      ...{ operation: 'mute', finding: 'host-lost', environment: 'staging', reason: 'new disks' },
      until: '2026-12-05T09:00:00.000Z',
    });
    expect(byHand({ operation: 'mute', parameters: 'host-lost staging', reason: 'why' })).toMatchObject({
      ...{ environment: 'staging', reason: 'why' },
    });
    expect(byHand({ operation: 'mute' })).toMatchObject({ code: 'bad-argument' });
  });
});

describe('/unmute', () => {
  it('takes back what is muted there, to the letter, and nothing else', () => {
    const unmute = (body: string, state = MUTED) => plan(body, { state });
    expect(unmute('/unmute drift:age')).toMatchObject({
      ...{ operation: 'unmute', finding: 'drift:age', environment: 'production' },
    });
    expect(said(unmute('/unmute drift-act:age'))).toBe(
      'not-muted: `drift-act:age` is not muted in production. What is muted there: `drift:age`.',
    );
    expect(said(unmute('/unmute drift:age staging'))).toBe(
      'not-muted: `drift:age` is not muted in staging. Nothing is muted there.',
    );
    expect(said(unmute('/unmute'))).toContain('bad-argument: `/unmute` needs the code of a finding.');
    expect(said(unmute('/unmute drift:age for 7d'))).toContain('bad-argument');
  });

  it('finds nothing to take back when the time is over', () => {
    const payload = commentPayload('/unmute drift:age', { at: '2026-11-25T00:00:00Z' });
    const late = planEvent({ ...input, payload, state: MUTED, now: '2026-11-25T00:00:10.000Z' });
    expect(late).toMatchObject({ code: 'not-muted' });
  });
});
