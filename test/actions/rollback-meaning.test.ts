import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { contextOf, judgedAgainst, type World } from './support/deployment.ts';
import { createHistory } from './support/histories.ts';

const environment = 'production';

async function championOf(world: World) {
  return environmentOf(await world.ledger.read('mnist'), environment).champion?.version;
}

const ask = (correlationId: string, version?: string) => ({
  operation: 'rollback' as const,
  correlationId,
  ...(version !== undefined && { version }),
});

describe('/rollback', () => {
  test('after a version was taken back for harm does nothing, and says what had been done', async () => {
    const world = createHistory();
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0.2;
    await deploy(world.job({ version: '3' }));
    await world.clock.wait(180_000);
    const outcome = await deploy(world.job(ask('comment-2')));
    expect(outcome.outputs).toEqual({ outcome: 'none', 'serving-version': '2' });
    expect(outcome.headline).toMatch(
      /^Version 3 was taken back from production 3 min ago: .*Version 2 serves, and nothing else was done\. \/rollback v1 goes further back\.$/,
    );
    expect(await championOf(world)).toBe('2');
  });

  test('tells a host that was not told by whoever took the version back', async () => {
    const world = createHistory();
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0.2;
    await deploy(world.job({ version: '3' }));
    world.agents[1].traffic = {
      stable: '2',
      candidate: '3',
      candidatePercent: 50,
      shadow: false,
      revision: 9,
    };
    await deploy(world.job(ask('comment-2')));
    expect(world.agents[1].traffic).toMatchObject({ stable: '2', candidatePercent: 0 });
  });

  test('of a second person for the same thing goes no further back', async () => {
    const world = createHistory();
    await deploy(world.job(ask('comment-2')));
    const second = await deploy(world.job({ ...ask('comment-3'), actor: 'bob' }));
    expect(second.outputs).toEqual({ outcome: 'none', 'serving-version': '1' });
    expect(second.headline).toMatch(/Version 2 was taken back .*: ann returned to version 1\./);
  });

  test('to a version by two persons is on record once, and the second is told who was first', async () => {
    const world = createHistory();
    await deploy(world.job({ version: '3' }, { detach: true }));
    await deploy(world.job(ask('comment-2', '2')));
    const open = await deploy(world.job({ ...ask('comment-3', '2'), actor: 'bob' }));
    expect(open.outputs).toEqual({ outcome: 'none', 'serving-version': '2' });
    const { history } = environmentOf(await world.ledger.read('mnist'), environment);
    expect(open.result['rollout']).toBe(history.at(-1)?.rollout);
    expect(open.headline).toMatch(/^Version 3 was taken back .*: ann asked for it\. Version 2 serves, and/);
    await deploy(world.job(ask('comment-4', '1')));
    const served = await deploy(world.job({ ...ask('comment-5', '1'), actor: 'bob' }));
    expect(served.outputs).toEqual({ outcome: 'none', 'serving-version': '1' });
    expect(served.result['rollout']).toBe('mnist/production/rollback/comment-4');
    expect(served.headline).toMatch(/^Version 2 was taken back .*: ann returned to version 1\./);
  });

  test('to what serves since its promotion takes nothing back, and says so', async () => {
    const world = createHistory();
    const outcome = await deploy(world.job(ask('comment-2', '2')));
    expect(outcome.outputs).toEqual({ outcome: 'none', 'serving-version': '2' });
    expect(outcome.headline).toBe('Version 2 serves production already, and nothing was taken back.');
    expect(outcome.result).not.toHaveProperty('rollout');
  });

  test('run again says the same of the same', async () => {
    const world = createHistory();
    const first = await deploy(world.job(ask('comment-2', '1')));
    const again = await deploy(world.job(ask('comment-2', '1')));
    expect(again.result['outcome']).toBe('rolled-back');
    expect(again.result['rollout']).toBe(first.result['rollout']);
  });

  test('of a second person in the same moment says that it had been done', async () => {
    const world = createHistory();
    const where = { rollout: 'bob', environment, version: '2', stable: '1' };
    const bob = createEvent(contextOf('bob'), 'rollout.rolled-back', {
      ...{ ...where, code: 'requested', explanation: 'bob returned to version 1.' },
    });
    const { startInstance } = world.agents[0];
    vi.spyOn(world.agents[0], 'startInstance').mockImplementationOnce(async (...start) => {
      world.ledger.events.push(bob);
      return startInstance(...start);
    });
    const outcome = await deploy(world.job(ask('comment-2')));
    expect(outcome.reasonCode).toBe('nothing-to-do');
    expect(outcome.headline).toMatch(/bob returned to version 1/);
    expect(world.ledger.kinds().filter((kind) => kind === 'rollout.rolled-back')).toHaveLength(1);
  });

  test('that waited does not end a rollout that began after it was said', async () => {
    const world = createHistory();
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0.2;
    await deploy(world.job({ version: '3' }));
    const word = { at: world.clock.now(), namesVersion: false };
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0;
    await world.clock.wait(60_000);
    await deploy(world.job({ version: '3', correlationId: 'comment-2' }, { detach: true }));
    const open = environmentOf(await world.ledger.read('mnist'), environment).rollout?.id;
    const outcome = await deploy(world.job({ ...ask('comment-3'), word }));
    expect(outcome.reasonCode).toBe('nothing-to-do');
    expect(environmentOf(await world.ledger.read('mnist'), environment).rollout?.id).toBe(open);
  });

  test('that waited leaves a champion whose rollout began after it was said, and says so', async () => {
    const world = createHistory();
    const word = { at: world.clock.now(), namesVersion: false };
    await world.clock.wait(60_000);
    await deploy(world.job({ version: '3' }));
    await world.clock.wait(180_000);
    const outcome = await deploy(world.job({ ...ask('comment-3'), word }));
    expect(outcome.outputs).toEqual({ outcome: 'none', 'serving-version': '3' });
    expect(outcome.headline).toBe(
      'Version 3 was promoted in production 3 min ago, by a rollout that began after this was said: nothing was taken back. /rollback v2 takes it back.',
    );
    expect(await championOf(world)).toBe('3');
  });

  test('to a version that never served is refused: a return has no gate and no canary', async () => {
    const world = createHistory();
    await expect(deploy(world.job(ask('comment-2', '3')))).rejects.toThrow(/Version 3 has never served/);
    await deploy(world.job({ version: '3' }, { detach: true }));
    await expect(deploy(world.job(ask('comment-3', '3')))).rejects.toThrow(
      /Version 3 is the candidate .*Did you mean `\/rollback production`/,
    );
    expect(await championOf(world)).toBe('2');
  });

  test('to the candidate is refused also where that has served before: nobody gives everything to what is on trial', async () => {
    const world = createHistory();
    world.ledger.events.push(judgedAgainst('2', '1'));
    await deploy(world.job({ version: '1' }, { detach: true }));
    await expect(deploy(world.job(ask('comment-2', '1')))).rejects.toThrow(/Version 1 is the candidate/);
    expect(await championOf(world)).toBe('2');
  });

  test('to a version whose gate fell meanwhile is refused, and no host is told anything', async () => {
    const world = createHistory();
    world.ledger.events.push(judgedAgainst('2', '1', 'fail'));
    const before = structuredClone(world.agents.map(({ traffic }) => traffic));
    await expect(deploy(world.job(ask('comment-2', '1')))).rejects.toThrow(/its gate says fail now/);
    expect(world.agents.map(({ traffic }) => traffic)).toEqual(before);
  });

  test('means no version that the chain has made', async () => {
    const world = createHistory();
    const { request, ports } = world.job(ask('comment-2'));
    const outcome = await deploy({ request: { ...request, version: '3' }, ports });
    expect(outcome.outputs['serving-version']).toBe('1');
  });
});
