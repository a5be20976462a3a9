import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { PlanDecision } from '../../../core/plan/decision.ts';
import { planEvent } from '../../../core/plan/plan-event.ts';
import type { PlanInput } from '../../../core/plan/plan-input.ts';
import {
  commentPayload,
  contextOf,
  HEAD,
  input,
  MAIN,
  NOW,
  parse,
  pullRequest,
  stateOf,
} from './plan-support.ts';

function plan(body: string, changes: Partial<PlanInput> = {}): PlanDecision {
  return planEvent({ ...input, payload: commentPayload(body), ...changes });
}

function codeOf(decision: PlanDecision): string {
  return decision.kind === 'operation' ? decision.operation : `${decision.kind}: ${decision.code}`;
}

describe('the commit that a comment trains', () => {
  it('runs no code of a fork unless the configuration says so', () => {
    const fork = { ...pullRequest, headRepository: 'eve/digits' };
    expect(codeOf(plan('/train', { pullRequest: fork }))).toBe('refuse: fork');
    const open = parse(
      'version: 1\nmodel: mnist\ngate: [{ metric: accuracy, floor: 0.9 }]\ncommands: { forks: true }\n',
    );
    expect(codeOf(plan(`/train ${HEAD}`, { pullRequest: fork, config: open }))).toBe('train');
    expect(codeOf(plan('/help', { pullRequest: fork }))).toBe('help');
    const ours = { ...pullRequest, headRepository: 'Acme/Digits' };
    expect(codeOf(plan('/train', { pullRequest: ours }))).toBe('train');
  });

  it('trains the commit it names only while that is the head', () => {
    expect(plan(`/train ${HEAD.slice(0, 10)} lr=1`)).toMatchObject({ operation: 'train', sha: HEAD });
    expect(codeOf(plan('/train deadbeef'))).toBe('refuse: head-moved');
  });

  it.each([
    ['a moment before the comment', '/train', '2026-11-21T08:59:49Z', 'train'],
    ['in the very second of the comment', '/train', '2026-11-21T08:59:50Z', 'train'],
    ['after the comment', '/train', '2026-11-21T08:59:51Z', 'refuse: head-moved'],
    ['after the comment', '/tune', '2026-11-21T08:59:51Z', 'refuse: head-moved'],
    ['after a comment that names it in short', `/train ${HEAD.slice(0, 7)}`, NOW, 'refuse: head-moved'],
    ['after a comment that names it in full', `/train ${HEAD}`, NOW, 'train'],
  ])('on a head that was pushed %s: %s', (_when, body, at, expected) => {
    expect(codeOf(plan(body, { headUpdate: { after: HEAD, at } }))).toBe(expected);
  });

  it('trains no head of which nobody can tell when it was pushed, unless it is named in full', () => {
    const { headUpdate: _headUpdate, ...untold } = { ...input, payload: commentPayload('/train') };
    expect(planEvent(untold)).toMatchObject({
      code: 'head-unknown',
      remedy: expect.stringContaining(`/train ${HEAD}`),
    });
    const named = { ...untold, payload: commentPayload(`/train ${HEAD}`) };
    expect(codeOf(planEvent(named))).toBe('train');
    // The newest change that is on record is not that of this head: it has not come there yet.
    const late = { after: MAIN, at: '2026-11-21T07:00:00Z' };
    expect(codeOf(plan('/train', { headUpdate: late }))).toBe('refuse: head-unknown');
  });

  it.each([
    ['/train', 'refuse: head-unnamed'],
    [`/train ${HEAD.slice(0, 39)}`, 'refuse: head-unnamed'],
    [`/train ${MAIN}`, 'refuse: head-moved'],
    [`/train ${HEAD}`, 'train'],
  ])('of a fork that may be trained names the head in full: %s', (body, expected) => {
    const config = parse(
      'version: 1\nmodel: mnist\ngate: [{ metric: accuracy, floor: 0.9 }]\ncommands: { forks: true }\n',
    );
    const fork = { ...pullRequest, headRepository: 'eve/digits' };
    const decision = plan(body, { pullRequest: fork, config });
    expect(codeOf(decision)).toBe(expected);
    if (expected.endsWith('head-unnamed')) {
      expect(decision).toMatchObject({ remedy: expect.stringContaining(`\`/train ${HEAD}\``) });
    }
  });

  it('run again trains what it asked for the first time, or nothing', () => {
    const asked = (sha: string) =>
      stateOf([
        createEvent(contextOf('comment-55'), 'training.requested', {
          operation: 'train',
          sha,
          parameters: {},
        }),
      ]);
    const again = { attempt: 2, headUpdate: { after: HEAD, at: NOW } };
    expect(codeOf(plan('/train', { ...again, state: asked(HEAD) }))).toBe('train');
    expect(codeOf(plan('/train', { ...again, state: asked(MAIN) }))).toBe('refuse: head-moved');
    const inIssue = { ...input, payload: { ...commentPayload('/train'), issue: { number: 9 } }, attempt: 2 };
    expect(codeOf(planEvent({ ...inIssue, state: asked(MAIN) }))).toBe('train');
    expect(codeOf(planEvent({ ...inIssue, state: asked(HEAD) }))).toBe('refuse: head-moved');
  });
});
