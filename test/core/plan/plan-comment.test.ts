import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerState } from '../../../core/ledger/state.ts';
import type { PlanDecision } from '../../../core/plan/decision.ts';
import { describeEvent } from '../../../core/plan/describe-event.ts';
import { planEvent } from '../../../core/plan/plan-event.ts';
import type { PlanInput } from '../../../core/plan/plan-input.ts';
import {
  commentPayload,
  contextOf,
  HEAD,
  input,
  judgedAgainst,
  MAIN,
  parse,
  promotedEvent,
  pullRequest,
  startedEvent,
  stateOf,
  versionEvents,
} from './plan-support.ts';

function plan(body: string, changes: Partial<PlanInput> = {}): PlanDecision {
  return planEvent({ ...input, payload: commentPayload(body), ...changes });
}

function codeOf(decision: PlanDecision): string {
  return decision.kind === 'operation' ? decision.operation : `${decision.kind}: ${decision.code}`;
}

const v8 = [...versionEvents('8', 'pass', 7), judgedAgainst('6', '8')];
const serving: LedgerState = stateOf(
  versionEvents('6'),
  startedEvent('6', 'production'),
  promotedEvent('6', 'production'),
  v8,
);
const rolling: LedgerState = stateOf(
  versionEvents('6'),
  startedEvent('6', 'production'),
  promotedEvent('6', 'production'),
  v8,
  startedEvent('8', 'production', '6'),
);

describe('a comment', () => {
  it('trains the head of its pull request with checked parameters', () => {
    expect(plan('/train lr=0.01 epochs=5 augment=false name="two words"\nthanks!')).toEqual({
      kind: 'operation',
      operation: 'train',
      sha: HEAD,
      parameters: { lr: 0.01, epochs: 5, augment: false, name: 'two words' },
      environment: 'production',
      correlationId: 'comment-55',
      cause: {
        kind: 'comment',
        id: 'comment-55',
        url: 'https://github.com/acme/digits/pull/7#issuecomment-55',
      },
      actor: 'ada',
      word: { at: '2026-11-21T08:59:50.000Z', namesVersion: false },
      pullRequest: 7,
      thread: 7,
      commentId: 55,
      dryRun: false,
    });
  });

  it.each([
    ['Nice work!', 'ignore: not-a-command'],
    ['/lgtm', 'ignore: not-a-command'],
    ['> /train', 'ignore: not-a-command'],
    ['see /train', 'ignore: not-a-command'],
    ['/trian', 'refuse: unknown-command'],
    ['/train learning_rate=1', 'refuse: unknown-parameter'],
    ['/train lrr=1', 'refuse: unknown-parameter'],
    ['/train lr=fast', 'refuse: bad-parameter'],
    ['/train lr=', 'refuse: bad-parameter'],
    ['/train lr=0x10', 'refuse: bad-parameter'],
    ['/train lr=Infinity', 'refuse: bad-parameter'],
    ['/train lr=1 lr=2', 'refuse: bad-argument'],
    ['/train now', 'refuse: bad-argument'],
    ['/train __proto__=1', 'refuse: unknown-parameter'],
    ['/tune trials=50 lr=0.1', 'tune'],
    ['/tune --then train', 'tune'],
    ['/tune lr=0.1 --then train', 'tune'],
    ['/tune --then production', 'tune'],
    ['/tune --production', 'refuse: bad-argument'],
    ['/train --production', 'refuse: not-searched'],
    ['/train --production --production', 'refuse: bad-argument'],
    ['/tune --then deploy', 'refuse: bad-argument'],
    ['/tune --then', 'refuse: bad-argument'],
    ['/tune --then train --then train', 'refuse: bad-argument'],
    ['/train --then train', 'refuse: bad-argument'],
    ['/tune trials=0', 'refuse: bad-parameter'],
    ['/train trials=50', 'refuse: unknown-parameter'],
    ['/deploy', 'deploy'],
    ['/deploy v8 staging', 'deploy'],
    ['/deploy 8', 'deploy'],
    ['/deploy stagin', 'refuse: unknown-environment'],
    ['/deploy v9', 'refuse: unknown-version'],
    ['/deploy v6', 'deploy'],
    ['/deploy v6 staging', 'deploy'],
    ['/promote', 'refuse: no-rollout'],
    ['/hold', 'refuse: no-rollout'],
    ['/rollback', 'refuse: nothing-to-roll-back'],
    ['/rollback v8', 'refuse: never-served'],
    ['/rollback v5', 'refuse: unknown-version'],
    ['/freeze', 'freeze'],
    ['/freeze production release week', 'freeze'],
    ['/unfreeze', 'refuse: not-frozen'],
    ['/status', 'status'],
    ['/help', 'help'],
    ['/help me', 'refuse: bad-argument'],
    ['/plan', 'refuse: bad-argument'],
    ['/plan deploy v8', 'deploy'],
    ['/plan dance', 'refuse: unknown-command'],
  ])('of %j gives %s', (body, expected) => {
    expect(codeOf(plan(body, { state: serving }))).toBe(expected);
  });

  it.each([
    ['/promote', 'promote'],
    ['/hold', 'hold'],
    ['/resume', 'refuse: not-held'],
    ['/rollback', 'rollback'],
    ['/deploy', 'deploy'],
    ['/deploy v6', 'refuse: rollout-in-progress'],
    ['/promote staging', 'refuse: no-rollout'],
  ])('of %j during a rollout gives %s', (body, expected) => {
    expect(codeOf(plan(body, { state: rolling }))).toBe(expected);
  });

  it('fills in environment and version', () => {
    expect(plan('/deploy', { state: serving })).toMatchObject({ environment: 'production', version: '8' });
    expect(plan('/deploy STAGING', { state: serving })).toMatchObject({ environment: 'staging' });
    expect(plan('/promote', { state: rolling })).toMatchObject({ environment: 'production', version: '8' });
    const week = plan('/freeze release week', { state: serving });
    expect(week).toMatchObject({ operation: 'freeze', reason: 'release week' });
    expect(week).not.toHaveProperty('environment');
    expect(plan('/freeze holidays', { state: serving })).toMatchObject({ reason: 'holidays' });
    for (const slip of ['prodution', 'prod', 'stagin now'])
      expect(codeOf(plan(`/freeze ${slip}`, { state: serving }))).toBe('refuse: unknown-environment');
    expect(plan('/freeze production release week', { state: serving })).toMatchObject({
      environment: 'production',
      reason: 'release week',
    });
  });

  it('deploys only what its own pull request led to, unless a version is named', () => {
    const others = stateOf(versionEvents('8', 'pass', 12));
    expect(codeOf(plan('/deploy', { state: others }))).toBe('refuse: nothing-to-deploy');
    expect(codeOf(plan('/deploy v8', { state: others }))).toBe('deploy');
  });

  it('deploys nothing that failed its gate', () => {
    const failed = stateOf(versionEvents('8', 'fail', 7));
    expect(codeOf(plan('/deploy', { state: failed }))).toBe('refuse: nothing-to-deploy');
    expect(codeOf(plan('/deploy v8', { state: failed }))).toBe('refuse: gate-not-passed');
  });

  it('starts and promotes nothing while frozen, and rolls back all the same', () => {
    const frozen = (state: LedgerState): LedgerState => ({
      ...state,
      frozen: { at: '2026-11-20T00:00:00Z', actor: 'bob', reason: 'audit' },
    });
    expect(plan('/deploy v8', { state: frozen(serving) })).toMatchObject({
      code: 'frozen',
      message: expect.stringContaining('by bob: audit'),
    });
    expect(codeOf(plan('/promote', { state: frozen(rolling) }))).toBe('refuse: frozen');
    expect(codeOf(plan('/rollback', { state: frozen(rolling) }))).toBe('rollback');
    expect(codeOf(plan('/unfreeze', { state: frozen(rolling) }))).toBe('unfreeze');
  });

  it('resumes a held rollout', () => {
    const held = createEvent(contextOf('h'), 'rollout.held', {
      rollout: 'r8',
      environment: 'production',
      code: 'asked',
      explanation: '',
    });
    const state = stateOf(
      versionEvents('6'),
      startedEvent('6', 'production'),
      promotedEvent('6', 'production'),
      v8,
      startedEvent('8', 'production', '6'),
      held,
    );
    expect(codeOf(plan('/resume', { state }))).toBe('resume');
  });

  it('only plans when asked to', () => {
    expect(plan('/plan train lr=1')).toMatchObject({ operation: 'train', dryRun: true });
    expect(plan('/train lr=1')).toMatchObject({ operation: 'train', dryRun: false });
  });

  it('obeys no edited comment, no bot, and nobody without the role', () => {
    expect(codeOf(planEvent({ ...input, payload: commentPayload('/train', { action: 'edited' }) }))).toBe(
      'ignore: edited-comment',
    );
    expect(codeOf(planEvent({ ...input, payload: commentPayload('/train', { type: 'Bot' }) }))).toBe(
      'ignore: bot-comment',
    );
    const { type: _type, ...untyped } = commentPayload('/train', { login: 'ship-it[bot]' }).comment.user;
    const unsaid = commentPayload('/train');
    const byApp = { ...unsaid, comment: { ...unsaid.comment, user: untyped } };
    const admin = { 'ship-it[bot]': 'admin', ada: 'admin' } as const;
    expect(codeOf(planEvent({ ...input, payload: byApp, permissions: admin }))).toBe('ignore: bot-comment');
    expect(codeOf(planEvent({ ...input, payload: commentPayload('/train', { login: 'eve' }) }))).toBe(
      'refuse: not-allowed',
    );
    expect(codeOf(plan('/train', { permissions: { ada: 'triage' } }))).toBe('refuse: not-allowed');
    expect(codeOf(plan('/train', { permissions: { ada: 'maintain' } }))).toBe('train');
  });

  it('obeys whom the configuration names, people and apps, whatever their role', () => {
    const config = parse(
      'version: 1\nmodel: mnist\ngate: [{ metric: accuracy, floor: 0.9 }]\ncommands: { users: [Eve, "ship-it[bot]"] }\n',
    );
    const said = (login: string, type = 'User') =>
      codeOf(
        planEvent({ ...input, config, payload: commentPayload('/train', { login, type }), actor: login }),
      );
    expect(said('eve')).toBe('train');
    expect(said('ship-it[bot]', 'Bot')).toBe('train');
    expect(said('other[bot]', 'Bot')).toBe('ignore: bot-comment');
    const payload = { ref: 'refs/heads/main', inputs: {}, sender: { login: 'ship-it[bot]' } };
    const byHand = { ...input, eventName: 'workflow_dispatch', payload, actor: 'ship-it[bot]' };
    expect(codeOf(planEvent({ ...byHand, config }))).toBe('train');
    expect(planEvent(byHand)).toMatchObject({
      code: 'not-allowed',
      remedy: expect.stringContaining('"ship-it[bot]" to `commands.users`'),
    });
  });

  it('asks for the role of whoever runs it again, too', () => {
    expect(codeOf(plan('/train', { actor: 'eve', attempt: 2 }))).toBe('refuse: not-allowed');
    expect(codeOf(plan('/train', { actor: 'bob', permissions: { ada: 'write', bob: 'admin' } }))).toBe(
      'train',
    );
  });

  it('does not tell a stranger whether a command was well written', () => {
    expect(codeOf(planEvent({ ...input, payload: commentPayload('/train x=1', { login: 'eve' }) }))).toBe(
      'refuse: not-allowed',
    );
  });

  it.each(['/train', '/deploy v8', '/promote', '/rollback', '/hold', '/freeze', '/plan deploy v8'])(
    'run again a week later says what it meant then, and %s is not done',
    (body) => {
      const payload = commentPayload(body, { at: '2026-11-14T08:59:50Z' });
      expect(codeOf(planEvent({ ...input, payload, state: rolling, attempt: 2 }))).toBe('refuse: stale');
    },
  );

  it('run again a week later still tells', () => {
    const payload = commentPayload('/status', { at: '2026-11-14T08:59:50Z' });
    expect(codeOf(planEvent({ ...input, payload, attempt: 2 }))).toBe('status');
  });

  it.each(['/rollback', '/hold', '/freeze'])('makes safe from wherever it is asked for: %s', (body) => {
    const { pullRequest: _pullRequest, ...unread } = { ...input, payload: commentPayload(body) };
    expect(planEvent({ ...unread, state: rolling })).toMatchObject({ kind: 'operation' });
    const fork = { ...pullRequest, headRepository: 'eve/digits' };
    expect(plan(body, { state: rolling, pullRequest: fork })).toMatchObject({ kind: 'operation' });
  });

  it('trains no closed pull request', () => {
    expect(codeOf(plan('/train', { pullRequest: { ...pullRequest, state: 'closed' } }))).toBe(
      'refuse: closed-pull-request',
    );
  });

  it('refuses when the pull request was not looked up', () => {
    const { pullRequest: _pullRequest, ...without } = input;
    expect(codeOf(planEvent({ ...without, payload: commentPayload('/train') }))).toBe('refuse: bad-payload');
  });

  it('on an issue works on the default branch', () => {
    const payload = { ...commentPayload('/train'), issue: { number: 9 } };
    const decision = planEvent({ ...input, payload });
    expect(decision).toMatchObject({ operation: 'train', sha: MAIN });
    expect(decision).not.toHaveProperty('pullRequest');
  });

  it('names who and what must be looked up before it can be planned', () => {
    expect(
      describeEvent({
        ...input,
        eventName: 'issue_comment',
        payload: commentPayload('/train'),
        actor: 'bob',
      }),
    ).toEqual({
      isCommand: true,
      users: ['ada', 'bob'],
      issue: 7,
      commentId: 55,
      pullRequest: 7,
      effect: 'trains',
    });
    expect(
      describeEvent({
        ...input,
        eventName: 'issue_comment',
        payload: commentPayload('/rollback'),
        actor: 'ada',
      }),
    ).not.toHaveProperty('pullRequest');
    expect(
      describeEvent({ ...input, eventName: 'issue_comment', payload: commentPayload('hello'), actor: 'ada' }),
    ).toEqual({
      isCommand: false,
      users: [],
    });
    expect(describeEvent({ ...input, eventName: 'push', payload: {}, actor: 'ada' })).toEqual({
      isCommand: false,
      users: [],
    });
  });
});
