import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { HANDLER_DIGESTS } from '../../core/serving/handler-digests.ts';
import { contextOf, judgedAgainst, packageOf, type World } from './support/deployment.ts';
import { createHistory } from './support/histories.ts';
import { showReport } from './support/show-report.ts';

const environment = 'production';

/** Does this while the first host starts version 1. */
function duringStart(world: World, work: () => Promise<void>): void {
  const [{ startInstance }] = world.agents;
  vi.spyOn(world.agents[0], 'startInstance').mockImplementationOnce(async (model, version, start) => {
    await work();
    return startInstance(model, version, start);
  });
}

function started(stable: string): LedgerEvent {
  return createEvent(contextOf('push'), 'rollout.started', {
    ...{ rollout: 'push', environment, version: '3', package: packageOf('3'), stable },
    ...{ hosts: ['a'], stages: [10, 50, 100], alpha: 0.01 },
  });
}

async function stateOf(world: World) {
  return world.ledger.read('mnist');
}

const rollback = { operation: 'rollback', version: '1', correlationId: 'comment-2' } as const;

describe('a return to an earlier version', () => {
  test('lets no rollout begin while a host starts that version, and one after', async () => {
    const world = createHistory();
    const push = () => deploy(world.job({ version: '3', correlationId: 'push' }, { detach: true }));
    duringStart(world, async () => {
      await expect(push()).rejects.toThrow(/The deploy lock of production is held by .*comment-2/);
    });
    const outcome = await deploy(world.job(rollback));
    expect(outcome.outputs['serving-version']).toBe('1');
    expect((await stateOf(world)).locks).toEqual({});
    world.ledger.events.push(judgedAgainst('1', '3'));
    expect((await push()).reasonCode).toBe('detached');
  });

  test('ends a rollout that began all the same, and is on record', async () => {
    const world = createHistory();
    duringStart(world, async () => void world.ledger.events.push(started('2')));
    const outcome = await deploy(world.job(rollback));
    expect(outcome.outputs).toEqual({ outcome: 'rolled-back', 'serving-version': '1' });
    const { champion, rollout, history } = environmentOf(await stateOf(world), environment);
    expect(champion?.version).toBe('1');
    expect(rollout).toBeUndefined();
    expect(history.slice(-2)).toMatchObject([
      { rollout: 'push', version: '3', outcome: 'rolled-back', code: 'requested' },
      { version: '2', outcome: 'rolled-back', code: 'requested' },
    ]);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
    expect(world.statuses).toContainEqual(['push', 'failure']);
    expect(world.kept.has('push')).toBe(true);
  });

  test('to a version that a host has braked for harm takes a person’s word', async () => {
    const world = createHistory();
    const at = world.clock.now();
    for (const agent of world.agents) await agent.startInstance('mnist', '1', { manifest: 'sha256:1' });
    const [, host] = world.agents;
    const brake = { rollout: 'r1', version: '1', code: 'errors-worse', explanation: 'It fails half.', at };
    host.traffic = { stable: '2', candidatePercent: 0, shadow: false, revision: 7, braked: [brake] };
    const dispatched = { ...rollback, cause: { kind: 'dispatch', id: 'monitor-1' } } as const;
    const outcome = await deploy(world.job({ ...dispatched, correlationId: 'monitor-1' }));
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '2']);
    expect(showReport(outcome.report)).toContain('braked rollout r1 of version 1: It fails half.');
    const again = { ...rollback, version: '2', correlationId: 'comment-3' } as const;
    await deploy(world.job(again));
    await deploy(world.job({ ...rollback, correlationId: 'comment-4' }));
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
    expect(host.traffic).toMatchObject({ words: [{ version: '1', actor: 'ann' }] });
  });

  test('waits for nobody who has the lock', async () => {
    const world = createHistory();
    const lock = {
      lock: 'deploy',
      environment,
      holder: 'dora',
      expiresAt: '2099-01-01T00:00:00.000Z',
    } as const;
    world.ledger.events.push(createEvent(contextOf('dora'), 'lock.acquired', lock));
    const outcome = await deploy(world.job(rollback));
    expect(outcome.outputs['serving-version']).toBe('1');
    expect(Object.values((await stateOf(world)).locks)).toMatchObject([{ holder: 'dora' }]);
  });

  test('that was killed is taken over by the next, after which rollouts begin again', async () => {
    const world = createHistory();
    const lock = {
      lock: 'deploy',
      environment,
      holder: 'mnist/production/rollback/comment-1',
      expiresAt: '2099-01-01T00:00:00.000Z',
    } as const;
    world.ledger.events.push(createEvent(contextOf('comment-1'), 'lock.acquired', lock));
    await deploy(world.job(rollback));
    expect((await stateOf(world)).locks).toEqual({});
    world.ledger.events.push(judgedAgainst('1', '3'));
    const push = world.job({ version: '3', correlationId: 'push' }, { detach: true });
    expect((await deploy(push)).reasonCode).toBe('detached');
  });

  test('takes hosts there even when the ledger can’t be written to', async () => {
    const world = createHistory();
    vi.spyOn(world.ledger, 'append').mockRejectedValue(new Error('The branch can’t be pushed.'));
    await expect(deploy(world.job(rollback))).rejects.toThrow(/can’t be pushed/);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
  });

  test('that fails gives the lock back', async () => {
    const world = createHistory();
    for (const agent of world.agents) agent.failsWith = 'load-failed';
    await expect(deploy(world.job(rollback))).rejects.toThrow(/did not become ready/);
    expect(world.ledger.kinds().slice(-2)).toEqual(['lock.acquired', 'lock.released']);
  });

  test('that is killed keeps deploys waiting no longer than a start may take', async () => {
    const world = createHistory();
    let locked: LedgerEvent | undefined;
    duringStart(world, async () => {
      locked = world.ledger.events.at(-1);
    });
    await deploy(world.job(rollback));
    const until = locked?.kind === 'lock.acquired' ? locked.data.expiresAt : '';
    const { at } = locked ?? { at: '' };
    expect((Date.parse(until) - Date.parse(at)) / 60_000).toBe(15);
  });

  test('ends a rollout that began in the moment when the open one had ended', async () => {
    const world = createHistory();
    await deploy(world.job({ version: '3' }, { detach: true }));
    const { rollout } = environmentOf(await stateOf(world), environment);
    const ended = createEvent(contextOf('brake'), 'rollout.rolled-back', {
      ...{
        rollout: rollout?.id ?? '',
        environment,
        version: '3',
        stable: '2',
        code: 'errors-worse',
        explanation: 'Harm.',
      },
    });
    world.ledger.race = () => void world.ledger.events.push(ended, started('2'));
    const outcome = await deploy(world.job(rollback));
    expect(outcome.outputs['serving-version']).toBe('1');
    const { rollout: open, history } = environmentOf(await stateOf(world), environment);
    expect(open).toBeUndefined();
    expect(history.at(-1)?.rollout).toBe(outcome.result['rollout']);
  });
});

describe('a take-back with a signing key that can not be read', () => {
  const unreadable = () => {
    throw new Error('DECODER routines::unsupported');
  };
  const envelope: Envelope = {
    payloadType: 'application/vnd.in-toto+json',
    payload: 'AAAA',
    signatures: [{ keyid: 'k', sig: 'AAAA' }],
  };
  const rollback = (world: World) => {
    const job = world.job({ operation: 'rollback' });
    return deploy({ ...job, ports: { ...job.ports, attest: unreadable } });
  };

  test('returns to the version before with the provenance on record, or without any', async () => {
    for (const recorded of [envelope, undefined]) {
      const world = createHistory();
      const { events } = world.ledger;
      const first = events.findIndex(({ kind }) => kind === 'rollout.promoted');
      const promoted = events[first];
      if (promoted?.kind !== 'rollout.promoted') throw new Error('Version 1 was promoted.');
      const data = { ...promoted.data, ...(recorded && { envelope: recorded }) };
      events[first] = { ...promoted, data };
      // What was signed for another environment is later, and refused by the hosts of this one.
      const elsewhere = { environment: 'staging', envelope: { ...envelope, payload: 'BBBB' } };
      events.push(createEvent(contextOf('staging'), 'rollout.promoted', { ...promoted.data, ...elsewhere }));
      const start = vi.spyOn(world.agents[0], 'startInstance');
      await rollback(world);
      expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
      expect(start.mock.calls[0]?.[2].envelope).toEqual(recorded);
      expect(start.mock.calls[0]?.[2].handlers).toEqual(HANDLER_DIGESTS);
      expect(world.lines.join('\n')).toContain('DECODER routines');
    }
  });

  test('ends the open rollout', async () => {
    const world = createHistory();
    await deploy(world.job({ version: '3' }, { detach: true }));
    await rollback(world);
    expect(world.agents.map(({ traffic }) => traffic?.candidatePercent)).toEqual([0, 0]);
    expect(environmentOf(await world.ledger.read('mnist'), environment).rollout).toBeUndefined();
  });
});
