import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { PlanDecision } from '../../../core/plan/decision.ts';
import { planEvent } from '../../../core/plan/plan-event.ts';
import type { PlanInput } from '../../../core/plan/plan-input.ts';
import { contextOf, input, MAIN, NOW, parse, startedEvent, stateOf, versionEvents } from './plan-support.ts';

function codeOf(decision: PlanDecision): string {
  return decision.kind === 'operation' ? decision.operation : `${decision.kind}: ${decision.code}`;
}

const ref = 'refs/heads/main';

function plan(payload: object, changes: Partial<PlanInput> = {}): PlanDecision {
  return planEvent({ ...input, eventName: 'workflow_dispatch', payload: { ref, ...payload }, ...changes });
}

describe('a run by hand', () => {
  const manual = (inputs: Record<string, unknown>) => plan({ inputs, sender: { login: 'ada' } });

  it('trains when it asks for nothing', () => {
    expect(manual({})).toMatchObject({
      operation: 'train',
      sha: MAIN,
      correlationId: 'manual-1001',
      dryRun: false,
    });
    expect(codeOf(plan({ inputs: null }))).toBe('train');
  });

  it.each([
    [{ operation: 'train', parameters: 'lr=0.5 epochs=2' }, 'train'],
    [{ operation: 'train', parameters: 'lr=fast' }, 'refuse: bad-parameter'],
    [{ operation: 'train', parameters: 'deadbeef' }, 'refuse: bad-argument'],
    [{ operation: 'freeze', environment: 'production' }, 'freeze'],
    [{ operation: 'freeze', environment: 'prod' }, 'refuse: unknown-environment'],
    [{ operation: 'rollback', version: 'v0' }, 'refuse: bad-argument'],
    [{ operation: 'explode' }, 'refuse: unknown-command'],
    [{ operation: 'monitor' }, 'monitor'],
    [{ operation: 'advance' }, 'refuse: unknown-command'],
    [{ operation: 'brake' }, 'refuse: unknown-command'],
  ])('with %j gives %s', (inputs, expected) => {
    expect(codeOf(manual(inputs))).toBe(expected);
  });

  it.each([
    ['train', 'refuse: other-branch'],
    ['tune', 'refuse: other-branch'],
    ['deploy', 'refuse: other-branch'],
    ['promote', 'refuse: other-branch'],
    ['resume', 'refuse: other-branch'],
    ['unfreeze', 'refuse: other-branch'],
    ['hold', 'hold'],
    ['rollback', 'rollback'],
    ['freeze', 'freeze'],
    ['status', 'status'],
    ['monitor', 'monitor'],
  ])('started on another branch, %s gives %s: nothing of that branch is run', (operation, expected) => {
    const state = stateOf(versionEvents('2'), startedEvent('2', 'production'));
    for (const elsewhere of ['refs/heads/feature', 'refs/tags/main', 'main', undefined]) {
      const decision = plan({ inputs: { operation }, ref: elsewhere }, { state });
      expect(codeOf(decision)).toBe(expected);
    }
  });

  it.each(['rollback', 'promote', 'resume'])(
    'run again means what was there when it was asked for, which nobody knows: %s is not done',
    (operation) => {
      const again = plan({ inputs: { operation } }, { attempt: 2 });
      expect(codeOf(again)).toBe('refuse: stale');
    },
  );

  it('run again names no version anew: what was taken back for harm stays so', () => {
    const state = stateOf(
      versionEvents('2'),
      startedEvent('2', 'production'),
      createEvent(contextOf('harm'), 'rollout.rolled-back', {
        ...{ rollout: 'r2', environment: 'production', version: '2', code: 'errors-worse' },
        explanation: 'Harm.',
      }),
    );
    const payload = { inputs: { operation: 'deploy', version: '2', environment: 'production' } };
    const first = plan(payload, { state });
    expect(first).toMatchObject({ operation: 'deploy', word: { at: NOW, namesVersion: true } });
    expect(codeOf(plan(payload, { state, attempt: 2 }))).toBe('refuse: taken-back');
  });

  it('obeys the roles of the configuration, not only those of GitHub', () => {
    const strict = parse(
      'version: 1\nmodel: mnist\ngate: [{ metric: accuracy, floor: 0.9 }]\ncommands: { allow: [admin] }\n',
    );
    expect(codeOf(plan({ inputs: {} }, { config: strict }))).toBe('refuse: not-allowed');
  });
});
