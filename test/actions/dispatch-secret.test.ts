import { describe, expect, test } from 'vitest';
import { type PlanPorts, type PlanRequest, plan } from '../../actions/plan/plan.ts';
import { signDispatch, verifyDispatch } from '../../adapters/dispatch-signature.ts';
import { createNonce } from '../../adapters/seal.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { Ledger } from '../../core/ports.ts';
import {
  championEvents,
  contextOf,
  createWorld,
  judgedAgainst,
  packageOf,
  versionEvents,
} from './support/deployment.ts';

const SECRETS = 'staging=that-of-staging\nproduction=that-of-production';
const AT = '2026-11-21T11:59:00.000Z';
const SERVED = [
  ...versionEvents('1'),
  ...championEvents('1'),
  ...versionEvents('2'),
  ...championEvents('2', '1'),
];

/** Somebody who holds a dispatch secret, and a repository that hears them. */
function attack(events: readonly LedgerEvent[] = SERVED) {
  const world = createWorld(events);
  const { request, ports } = world.job({});
  const send = (
    type: string,
    change: { id?: string; body?: object; secret?: string; ledger?: Ledger } = {},
  ) => {
    const { id = `attack-${type}`, body = {}, secret = 'that-of-production', ledger = world.ledger } = change;
    const unsigned = {
      v: 1 as const,
      id,
      at: AT,
      from: 'monitor-check',
      model: 'mnist',
      environment: 'production',
    };
    const signed = signDispatch(secret, `trainyard.${type}`, { ...unsigned, body: { ...body } });
    const asked: PlanRequest = {
      ...{ eventName: 'repository_dispatch', repository: 'acme/digits', defaultBranch: 'main' },
      ...{ sha: 'b'.repeat(40), runId: '1', attempt: 1, actor: 'eve', runUrl: 'http://run' },
      payload: { action: `trainyard.${type}`, client_payload: signed },
      config: request.config,
      models: { own: 'mnist', all: ['mnist'] },
      policy: { file: 'trainyard.yml', text: '' },
      workflow: request.author.workflow,
      verifySignature: (of, report) => verifyDispatch(SECRETS, of, report),
    };
    const planPorts: PlanPorts = {
      ...{ ledger, github: undefined, clock: world.clock, log: ports.log },
      ...{
        forecast: async () => undefined,
        createNonce,
        remembered: async () => ({ heads: [], silent: [], answered: 1 }),
      },
    };
    return plan(asked, planPorts);
  };
  return { world, send };
}

async function codeOf(outcome: ReturnType<typeof plan>): Promise<unknown> {
  const { decision, result } = await outcome;
  return decision === 'continue' ? result['operation'] : result['code'];
}

describe('who holds a dispatch secret', () => {
  test.each(['retrain', 'brake', 'rollout', 'heartbeat', 'drift', 'label-drift'])(
    'of staging speaks for no host of production: %s',
    async (type) => {
      const { world, send } = attack();
      expect(await codeOf(send(type, { secret: 'that-of-staging' }))).toBe('bad-signature');
      expect(world.ledger.events).toHaveLength(SERVED.length);
    },
  );

  test('trains once within the cool-down, however many reports they send at once', async () => {
    const { world, send } = attack();
    const before = await world.ledger.read('mnist');
    const stale: Ledger = { ...world.ledger, read: async () => before };
    const ids = Array.from({ length: 20 }, (_, index) => `attack-number-${index}`);
    const codes = await Promise.all(ids.map((id) => codeOf(send('retrain', { id, ledger: stale }))));
    expect(codes.filter((code) => code === 'train')).toHaveLength(1);
    expect(world.ledger.kinds().filter((kind) => kind === 'training.requested')).toHaveLength(1);
  });

  test.each([
    { parameters: { 'lr; id': 1 } },
    { parameters: { __proto__x: '$(id)' } },
    { parameters: ['--env'] },
  ])('sets nothing in a training that the configuration does not name: %j', async (body) => {
    expect(await codeOf(attack().send('retrain', { body }))).toMatch(/^(?:unknown-parameter|bad-payload)$/);
  });

  test('ends no rollout by what was said of another, nor twice by one report', async () => {
    const where = { rollout: 'rollout-3', environment: 'production', version: '3', stable: '2' };
    const started = createEvent(contextOf('deploy-3'), 'rollout.started', {
      ...{ ...where, package: packageOf('3'), hosts: ['a'], stages: [50, 100], alpha: 0.01 },
    });
    const { world, send } = attack([...SERVED, ...versionEvents('3'), started]);
    const said = (rollout: string | undefined) => ({ ...(rollout && { rollout }), code: 'errors-worse' });
    expect(await codeOf(send('brake', { body: said('rollout-1') }))).toBe('rollout-over');
    expect(await codeOf(send('brake', { body: said(undefined) }))).toBe('bad-payload');
    expect(await codeOf(send('brake', { body: said('rollout-3') }))).toBe('brake');
    const context = { ...contextOf('x'), cause: { kind: 'dispatch' as const, id: 'attack-brake' } };
    const harm = { ...where, code: 'errors-worse', explanation: 'Harm.' };
    world.ledger.events.push(createEvent(context, 'rollout.rolled-back', harm));
    expect(await codeOf(send('brake', { body: said('rollout-3') }))).toBe('replayed');
  });

  test.each([
    ['never served there', '3', 'never-served'],
    ['nobody knows', '99', 'never-served'],
    ['failed its gate since', '1', 'gate-not-passed'],
  ])('gives traffic by hand to no version that %s', async (_what, to, code) => {
    const fell = judgedAgainst('2', '1', 'fail');
    const { send } = attack([...SERVED, ...versionEvents('3'), fell]);
    const body = { rollout: '', code: 'by-hand', version: '2', to, at: AT };
    expect(await codeOf(send('brake', { body }))).toBe(code);
  });
});
