import { describe, expect, it } from 'vitest';
import type { PlanDecision } from '../../../core/plan/decision.ts';
import { describeEvent } from '../../../core/plan/describe-event.ts';
import { planEvent } from '../../../core/plan/plan-event.ts';
import type { PlanInput } from '../../../core/plan/plan-input.ts';
import {
  commentPayload,
  input,
  promotedEvent,
  startedEvent,
  stateOf,
  versionEvents,
} from './plan-support.ts';

/** Faces is first by name, so it is its run that answers for both. */
const ALL = ['faces', 'mnist'];
const state = stateOf(
  ...['6', '7'].flatMap((version) => [
    versionEvents(version),
    startedEvent(version, 'production'),
    promotedEvent(version, 'production'),
  ]),
);

/** One comment as the runs of both models hear it. */
function heardBy(body: string): readonly [PlanDecision, PlanDecision] {
  const hear = (own: string): PlanDecision => {
    const heard: PlanInput = { ...input, payload: commentPayload(body), models: { own, all: ALL }, state };
    return planEvent({ ...heard, config: { ...input.config, model: own } });
  };
  return [hear('faces'), hear('mnist')];
}

function codeOf(decision: PlanDecision): string {
  return decision.kind === 'operation' ? decision.operation : `${decision.kind}: ${decision.code}`;
}

describe('a comment in a repository of two models', () => {
  it.each([
    ['/rollback mnist', 'ignore: other-model', 'rollback'],
    ['/rollback faces', 'rollback', 'ignore: other-model'],
    ['/rollback MNIST v6 production', 'ignore: other-model', 'rollback'],
    ['/plan rollback mnist v6', 'ignore: other-model', 'rollback'],
    ['/train mnist lr=0.1', 'ignore: other-model', 'train'],
    ['/freeze faces production incident 12', 'freeze', 'ignore: other-model'],
    ['/status', 'status', 'status'],
    ['/status mnist', 'ignore: other-model', 'status'],
    ['/help', 'help', 'ignore: other-model'],
    ['/rollback', 'refuse: which-model', 'ignore: other-model'],
    ['/train lr=0.1', 'refuse: which-model', 'ignore: other-model'],
    ['/freeze', 'refuse: which-model', 'ignore: other-model'],
    ['/rollback facse', 'refuse: which-model', 'ignore: other-model'],
    ['/rolback mnist', 'ignore: other-model', 'refuse: unknown-command'],
    ['/rolback', 'refuse: unknown-command', 'ignore: other-model'],
    ['Nice work!', 'ignore: not-a-command', 'ignore: not-a-command'],
  ])('%j is %s to one and %s to the other', (body, faces, mnist) => {
    expect(heardBy(body).map(codeOf)).toEqual([faces, mnist]);
  });

  it('reads what stands behind the name as ever', () => {
    const [, mnist] = heardBy('/rollback mnist v6 production');
    expect(mnist).toMatchObject({ operation: 'rollback', version: '6', environment: 'production' });
    const [faces] = heardBy('/freeze faces production incident 12');
    expect(faces).toMatchObject({ environment: 'production', reason: 'incident 12' });
  });

  it('that names none is answered once, with the choices', () => {
    const [faces] = heardBy('/plan rollback');
    expect(faces).toMatchObject({
      remedy: expect.stringContaining('`/plan rollback faces` or `/plan rollback mnist`'),
    });
  });

  it('is reacted to by whom it is for alone', () => {
    const of = (own: string, body: string) =>
      describeEvent({ ...input, payload: commentPayload(body), models: { own, all: ALL } }).isCommand;
    expect([of('faces', '/train mnist'), of('mnist', '/train mnist')]).toEqual([false, true]);
    expect([of('faces', '/train'), of('mnist', '/train')]).toEqual([true, false]);
    expect([of('faces', '/status'), of('mnist', '/status')]).toEqual([true, true]);
  });
});

describe('in a repository of one model', () => {
  it('its name may be said and left out', () => {
    for (const body of ['/rollback', '/rollback mnist', '/rollback production', '/rollback mnist v6']) {
      expect(codeOf(planEvent({ ...input, payload: commentPayload(body), state }))).toBe('rollback');
    }
  });
});

describe('a run by hand', () => {
  it('that names another model is not for this one', () => {
    const byHand = (model: string) =>
      codeOf(
        planEvent({
          ...input,
          eventName: 'workflow_dispatch',
          payload: { inputs: { operation: 'status', model }, sender: { login: 'ada' } },
        }),
      );
    expect([byHand(''), byHand('mnist'), byHand('faces')]).toEqual([
      'status',
      'status',
      'ignore: other-model',
    ]);
  });
});
