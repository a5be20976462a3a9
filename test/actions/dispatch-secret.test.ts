import { describe, expect, test } from 'vitest';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { Ledger } from '../../core/ports.ts';
import { contextOf, judgedAgainst, packageOf, versionEvents } from './support/deployment.ts';
import { AT, attackByDispatch, plannedCode, SERVED } from './support/dispatch-attack.ts';

describe('who holds a dispatch secret', () => {
  test.each(['retrain', 'brake', 'rollout', 'heartbeat', 'drift', 'label-drift'])(
    'of staging speaks for no host of production: %s',
    async (type) => {
      const { world, send } = attackByDispatch();
      expect(await plannedCode(send(type, { secret: 'that-of-staging' }))).toBe('bad-signature');
      expect(world.ledger.events).toHaveLength(SERVED.length);
    },
  );

  test('trains once within the cool-down, however many reports they send at once', async () => {
    const { world, send } = attackByDispatch();
    const before = await world.ledger.read('mnist');
    const stale: Ledger = { ...world.ledger, read: async () => before };
    const ids = Array.from({ length: 20 }, (_, index) => `attack-number-${index}`);
    const codes = await Promise.all(ids.map((id) => plannedCode(send('retrain', { id, ledger: stale }))));
    expect(codes.filter((code) => code === 'train')).toHaveLength(1);
    expect(world.ledger.kinds().filter((kind) => kind === 'training.requested')).toHaveLength(1);
  });

  test.each([
    { parameters: { 'lr; id': 1 } },
    { parameters: { __proto__x: '$(id)' } },
    { parameters: ['--env'] },
  ])('sets nothing in a training that the configuration does not name: %j', async (body) => {
    expect(await plannedCode(attackByDispatch().send('retrain', { body }))).toMatch(
      /^(?:unknown-parameter|bad-payload)$/,
    );
  });

  test('ends no rollout by what was said of another, nor twice by one report', async () => {
    const where = { rollout: 'rollout-3', environment: 'production', version: '3', stable: '2' };
    const started = createEvent(contextOf('deploy-3'), 'rollout.started', {
      ...{ ...where, package: packageOf('3'), hosts: ['a'], stages: [50, 100], alpha: 0.01 },
    });
    const { world, send } = attackByDispatch([...SERVED, ...versionEvents('3'), started]);
    const said = (rollout: string | undefined) => ({ ...(rollout && { rollout }), code: 'errors-worse' });
    expect(await plannedCode(send('brake', { body: said('rollout-1') }))).toBe('rollout-over');
    expect(await plannedCode(send('brake', { body: said(undefined) }))).toBe('bad-payload');
    expect(await plannedCode(send('brake', { body: said('rollout-3') }))).toBe('brake');
    const context = { ...contextOf('x'), cause: { kind: 'dispatch' as const, id: 'attack-brake' } };
    const harm = { ...where, code: 'errors-worse', explanation: 'Harm.' };
    world.ledger.events.push(createEvent(context, 'rollout.rolled-back', harm));
    expect(await plannedCode(send('brake', { body: said('rollout-3') }))).toBe('replayed');
  });

  test.each([
    ['never served there', '3', 'never-served'],
    ['nobody knows', '99', 'never-served'],
    ['failed its gate since', '1', 'gate-not-passed'],
  ])('gives traffic by hand to no version that %s', async (_what, to, code) => {
    const fell = judgedAgainst('2', '1', 'fail');
    const { send } = attackByDispatch([...SERVED, ...versionEvents('3'), fell]);
    const body = { rollout: '', code: 'by-hand', version: '2', to, at: AT };
    expect(await plannedCode(send('brake', { body }))).toBe(code);
  });
});
