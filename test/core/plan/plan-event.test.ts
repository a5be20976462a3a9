import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import type { PlanDecision } from '../../../core/plan/decision.ts';
import { describeEvent } from '../../../core/plan/describe-event.ts';
import { planEvent } from '../../../core/plan/plan-event.ts';
import type { PlanInput } from '../../../core/plan/plan-input.ts';
import {
  commentPayload,
  contextOf,
  input,
  judgedAgainst,
  MAIN,
  NOW,
  parse,
  promotedEvent,
  startedEvent,
  stateOf,
  versionEvents,
} from './plan-support.ts';

function codeOf(decision: PlanDecision): string {
  return decision.kind === 'operation' ? decision.operation : `${decision.kind}: ${decision.code}`;
}

function plan(eventName: string, payload: unknown, changes: Partial<PlanInput> = {}): PlanDecision {
  return planEvent({ ...input, eventName, payload, ...changes });
}

describe('what an event can do', () => {
  it('makes safe where a host has braked, whatever else a dispatch asks for', () => {
    const effectOf = (action: string) =>
      describeEvent({
        ...{ eventName: 'repository_dispatch', actor: 'ada', models: { own: 'mnist', all: ['mnist'] } },
        payload: { action, client_payload: {} },
      }).effect;
    expect(effectOf('trainyard.brake')).toBe('guards');
    expect(effectOf('trainyard.retrain')).toBeUndefined();
  });
});

describe('a schedule', () => {
  it('runs the monitor, whatever its payload', () => {
    expect(plan('schedule', undefined)).toMatchObject({
      operation: 'monitor',
      correlationId: 'schedule-1001',
      sha: MAIN,
    });
  });
});

describe('a dispatch', () => {
  const payload = {
    v: 1,
    id: 'host-1-drift-42',
    at: NOW,
    from: 'host-1',
    model: 'mnist',
    environment: 'production',
    body: { feature: 'amount' },
    signature: 'c2ln',
  };
  const dispatch = (action: string, changes: Record<string, unknown> = {}, more: Partial<PlanInput> = {}) =>
    plan('repository_dispatch', { action, client_payload: { ...payload, ...changes } }, more);
  const heard = createEvent(
    { ...contextOf('x'), cause: { kind: 'dispatch', id: payload.id } },
    'training.requested',
    { operation: 'train', sha: MAIN, parameters: {} },
  );

  it.each([
    ['trainyard.heartbeat', 'monitor'],
    ['trainyard.drift', 'monitor'],
    ['trainyard.label-drift', 'monitor'],
    ['trainyard.brake', 'ignore: rollout-over'],
    ['trainyard.rollout', 'ignore: rollout-over'],
    ['trainyard.retrain', 'train'],
    ['trainyard.other', 'ignore: unknown-dispatch'],
    ['deploy', 'ignore: unknown-dispatch'],
  ])('%s asks for %s', (action, expected) => {
    expect(codeOf(dispatch(action))).toBe(expected);
  });

  it.each([
    ['the report of a stage goes on', 'trainyard.rollout', { rollout: 'r8' }, 'advance'],
    ['that of a brake for harm ends', 'trainyard.brake', { rollout: 'r8', code: 'errors-worse' }, 'brake'],
    ['that of lost contact goes on', 'trainyard.brake', { rollout: 'r8', code: 'lease-expired' }, 'advance'],
    ['a stage of another says nothing of', 'trainyard.rollout', { rollout: 'r7' }, 'ignore: rollout-over'],
    ['a brake of another says nothing of', 'trainyard.brake', { rollout: 'r7' }, 'ignore: rollout-over'],
  ])('%s the rollout that is in progress', (_what, action, body, expected) => {
    const state = stateOf([startedEvent('8', 'production')]);
    expect(codeOf(dispatch(action, { body }, { state }))).toBe(expected);
  });

  it('of a brake on the rollout that made the champion is heard after its end, unless there is nothing to return to', () => {
    const first = [startedEvent('7', 'production'), promotedEvent('7', 'production')];
    const second = [...first, startedEvent('8', 'production', '7'), promotedEvent('8', 'production')];
    const heard = (rollout: string, events: readonly LedgerEvent[]) => {
      const body = { rollout, version: '8', code: 'errors-worse', explanation: 'x' };
      return codeOf(dispatch('trainyard.brake', { body }, { state: stateOf(events) }));
    };
    expect(heard('r8', second)).toBe('brake');
    expect(heard('r7', second)).toBe('ignore: rollout-over');
    expect(heard('r7', first)).toBe('ignore: rollout-over');
  });

  it('hands on why a host braked', () => {
    const state = stateOf([startedEvent('8', 'production')]);
    const body = { rollout: 'r8', explanation: 'It fails more often.' };
    expect(dispatch('trainyard.brake', { body }, { state })).toMatchObject({
      ...{ reason: 'It fails more often.', rollout: 'r8' },
    });
  });

  it('ends nothing by a brake that names no rollout', () => {
    const state = stateOf([startedEvent('8', 'production')]);
    for (const rollout of [undefined, 8])
      expect(codeOf(dispatch('trainyard.brake', { body: { rollout } }, { state }))).toBe(
        'refuse: bad-payload',
      );
  });

  it.each([{ version: '' }, { version: 8 }, { reason: 'x'.repeat(501) }, { parameters: 'none' }])(
    'a brake is obeyed whatever else it says: %j',
    (said) => {
      const state = stateOf([startedEvent('8', 'production')]);
      const body = { rollout: 'r8', ...said };
      expect(codeOf(dispatch('trainyard.brake', { body }, { state }))).toBe('brake');
    },
  );

  describe('of a champion that a person took back by hand at a host', () => {
    const served = [
      ...[versionEvents('7'), startedEvent('7', 'production'), promotedEvent('7', 'production')].flat(),
      ...[startedEvent('8', 'production', '7'), promotedEvent('8', 'production')],
    ];
    const body = { rollout: '', version: '8', code: 'by-hand', explanation: 'x', at: NOW, to: '7' };

    it('returns the others to the version that answers there', () => {
      const decision = dispatch('trainyard.brake', { body }, { state: stateOf(served) });
      expect(decision).toMatchObject({ operation: 'rollback', environment: 'production', version: '7' });
    });

    it.each([
      ['is the champion no more', served, { ...body, version: '6', to: '5' }],
      ['has become it since', served, { ...body, at: '2026-11-20T09:00:00.000Z' }],
      ['was braked for something else', served, { ...body, code: 'errors-worse' }],
    ])('does nothing when it %s', (_why, events, told) => {
      const decision = dispatch('trainyard.brake', { body: told }, { state: stateOf(events) });
      expect(codeOf(decision)).toBe('ignore: rollout-over');
    });

    it.each([
      ['never served there', { ...body, to: '6' }, 'refuse: never-served'],
      ['served elsewhere only', { ...body, to: '5' }, 'refuse: never-served'],
      ['failed its gate since', body, 'refuse: gate-not-passed'],
    ])('leads to no version that %s', (_why, told, expected) => {
      const elsewhere = [startedEvent('5', 'staging'), promotedEvent('5', 'staging')];
      const fell = judgedAgainst('8', '7', 'fail');
      const state = stateOf(served, versionEvents('6'), versionEvents('5'), elsewhere, fell);
      expect(codeOf(dispatch('trainyard.brake', { body: told }, { state }))).toBe(expected);
    });

    it('goes on with a rollout that is in progress, which sees the brake', () => {
      const state = stateOf([...served, startedEvent('9', 'production', '8')]);
      const decision = dispatch('trainyard.brake', { body: { ...body, version: '9', to: '8' } }, { state });
      expect(decision).not.toMatchObject({ operation: 'rollback' });
    });
  });

  it('asks for no training with parameters that are none', () => {
    expect(codeOf(dispatch('trainyard.retrain', { body: { parameters: 'none' } }))).toBe(
      'refuse: bad-payload',
    );
  });

  it('carries its environment and its id on', () => {
    expect(dispatch('trainyard.drift', { body: { version: '8' } })).toMatchObject({
      environment: 'production',
      version: '8',
      correlationId: payload.id,
      cause: { kind: 'dispatch', id: payload.id },
      actor: 'host-1',
      sha: MAIN,
    });
  });

  it('may set parameters for a training, within the same rules as a comment', () => {
    expect(
      dispatch('trainyard.retrain', { body: { parameters: { lr: 0.5 }, reason: 'drift' } }),
    ).toMatchObject({
      operation: 'train',
      parameters: { lr: 0.5 },
      reason: 'drift',
    });
    expect(codeOf(dispatch('trainyard.retrain', { body: { parameters: { evil: 1 } } }))).toBe(
      'refuse: unknown-parameter',
    );
  });

  it.each([
    [{ model: 'fraud' }, 'ignore: other-model'],
    [{ environment: 'nowhere' }, 'refuse: unknown-environment'],
    [{ v: 2 }, 'refuse: bad-payload'],
    [{ extra: 1 }, 'monitor'],
    [{ body: { text: 'x'.repeat(48_001) } }, 'refuse: bad-payload'],
    [{ at: '2026-11-13T09:00:00.000Z' }, 'refuse: stale'],
    [{ at: '2026-11-21T09:11:00.000Z' }, 'refuse: stale'],
    [{ at: '2026-11-21T07:59:00.000Z' }, 'ignore: looked-since'],
    [{ at: '2026-11-21T08:01:00.000Z' }, 'monitor'],
    [{ at: '2026-11-21T09:09:00.000Z' }, 'monitor'],
  ])('with %j gives %s', (changes, expected) => {
    expect(codeOf(dispatch('trainyard.drift', changes))).toBe(expected);
  });

  it('is not believed without a secret, or with a wrong signature', () => {
    expect(codeOf(dispatch('trainyard.drift', {}, { verifySignature: () => undefined }))).toBe(
      'refuse: no-dispatch-secret',
    );
    expect(codeOf(dispatch('trainyard.drift', {}, { verifySignature: () => false }))).toBe(
      'refuse: bad-signature',
    );
  });

  it('that goes on with what is under way is heard for a week', () => {
    const state = stateOf([startedEvent('8', 'production')]);
    const old = { at: '2026-11-15T09:00:00.000Z', body: { rollout: 'r8', code: 'errors-worse' } };
    expect(codeOf(dispatch('trainyard.brake', old, { state }))).toBe('brake');
    const older = { ...old, at: '2026-11-13T09:00:00.000Z' };
    expect(codeOf(dispatch('trainyard.brake', older, { state }))).toBe('refuse: stale');
  });

  it('has its signature checked over its own type', () => {
    const seen: string[] = [];
    dispatch('trainyard.brake', {}, { verifySignature: (type) => seen.push(type) > 0 });
    expect(seen).toEqual(['trainyard.brake']);
  });

  it('is heard once, except that a person may run the same event again', () => {
    const state = stateOf(heard);
    expect(codeOf(dispatch('trainyard.drift', {}, { state }))).toBe('ignore: replayed');
    expect(codeOf(dispatch('trainyard.drift', {}, { state, attempt: 2 }))).toBe('monitor');
    expect(codeOf(dispatch('trainyard.retrain', {}, { state, attempt: 2 }))).toBe('train');
  });

  it('starts no training where that is switched off', () => {
    const manual = parse(`version: 1
model: mnist
gate: [{ metric: accuracy, floor: 0.9 }]
environments: { production: { hosts: ["https://p:1"] } }
monitor: { retrain: { automatic: false } }
`);
    expect(codeOf(dispatch('trainyard.retrain', {}, { config: manual }))).toBe('refuse: retrain-manual');
  });

  it('with more than ten keys is refused before anything of it is read', () => {
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`k${index}`, index]));
    const decision = plan('repository_dispatch', { action: 'trainyard.drift', client_payload: many });
    expect(decision).toMatchObject({ code: 'bad-payload', message: expect.stringContaining('10 keys') });
  });
});

describe('any event', () => {
  it('that is none of ours is left alone', () => {
    expect(codeOf(plan('pull_request_target', {}))).toBe('ignore: unsupported-event');
  });

  it('is decided without throwing, whatever its payload holds', () => {
    const names = ['push', 'issue_comment', 'repository_dispatch', 'workflow_dispatch', 'schedule', 'x'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (eventName, payload) => {
        expect(['operation', 'ignore', 'refuse']).toContain(plan(eventName, payload).kind);
      }),
    );
  });

  it('with a comment never runs more than the parameters of the configuration, each of its type', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '/train',
        '/tune',
        '/deploy',
        'v8',
        'staging',
        'lr=1',
        'epochs="3"',
        "name='x y'",
        '/plan',
        'lr=$(id)',
      ),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        const decision = planEvent({ ...input, payload: commentPayload(words.join(' ')) });
        if (decision.kind !== 'operation') return;
        const known = { ...input.config.project.parameters, trials: 20, jobs: 1 };
        for (const [name, value] of Object.entries(decision.parameters)) {
          expect(typeof value).toBe(typeof Object.entries(known).find(([key]) => key === name)?.[1]);
        }
        expect(decision.correlationId).toBe('comment-55');
      }),
      { numRuns: 1_000 },
    );
  });
});
