import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { environmentOf, type Rollout } from '../../core/ledger/state.ts';
import { contextOf, packageOf, type World } from './support/deployment.ts';
import { createHistory } from './support/histories.ts';

const environment = 'production';

/** Version 2 serves after version 1; version 3 is packed, and its job has left its rollout in the first stage. */
async function worldWithOpenRollout(): Promise<World> {
  const world = createHistory();
  await deploy(world.job({ version: '3' }, { detach: true }));
  return world;
}

async function here(world: World) {
  return environmentOf(await world.ledger.read('mnist'), environment);
}

async function openRollout(world: World): Promise<Rollout> {
  const { rollout } = await here(world);
  if (rollout === undefined) throw new Error('No rollout is open.');
  return rollout;
}

const event = {
  promoted: ({ id, version }: Rollout) =>
    createEvent(contextOf('deploy-job'), 'rollout.promoted', {
      ...{ rollout: id, environment, version, package: packageOf(version), explanation: 'It was fine.' },
    }),
  rolledBack: ({ id, version }: Rollout) =>
    createEvent(contextOf('brake-job'), 'rollout.rolled-back', {
      ...{ rollout: id, environment, version, stable: '2', code: 'errors-worse', explanation: 'Harm.' },
    }),
  held: ({ id }: Rollout) =>
    createEvent({ ...contextOf('bob'), at: '2026-11-21T12:00:00.000Z' }, 'rollout.held', {
      ...{ rollout: id, environment, code: 'held', explanation: 'Bob held it.' },
    }),
};

/** Writes these right before the first event of that kind that a job wants to write: another job is faster. */
function outrun(world: World, kind: LedgerEvent['kind'], others: readonly LedgerEvent[]): void {
  const { append } = world.ledger;
  let isDone = false;
  vi.spyOn(world.ledger, 'append').mockImplementation(async (model, propose) => {
    const proposed = propose(await world.ledger.read(model));
    if (!isDone && proposed.ok && proposed.value.some((one) => one.kind === kind)) {
      isDone = true;
      world.ledger.race = () => void world.ledger.events.push(...others);
    }
    return append(model, propose);
  });
}

const kindsOf = (world: World, kind: LedgerEvent['kind']) =>
  world.ledger.kinds().filter((one) => one === kind).length;

const ask = (operation: 'rollback' | 'promote' | 'hold' | 'resume' | 'advance', version?: string) => ({
  operation,
  correlationId: 'comment-2',
  ...(version !== undefined && { version }),
});

describe('/rollback that is outrun', () => {
  test('by the promotion takes the version back all the same', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    world.ledger.race = () => void world.ledger.events.push(event.promoted(rollout));
    const outcome = await deploy(world.job(ask('rollback')));
    expect(outcome.outputs).toEqual({ outcome: 'rolled-back', 'serving-version': '2' });
    expect((await here(world)).champion?.version).toBe('2');
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['2', '2']);
  });

  test('by another rollback takes nothing else back, and says how the rollout ended', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    world.ledger.race = () => void world.ledger.events.push(event.rolledBack(rollout));
    const outcome = await deploy(world.job(ask('rollback')));
    expect(outcome.result).toMatchObject({ code: 'errors-worse', servingVersion: '2' });
    expect((await here(world)).champion?.version).toBe('2');
    expect(kindsOf(world, 'rollout.rolled-back')).toBe(1);
  });

  test('by another rollback names the host that neither of them could reach', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    const [, cut] = world.agents;
    if (cut === undefined) throw new Error('two hosts');
    cut.reachable = false;
    world.ledger.race = () => void world.ledger.events.push(event.rolledBack(rollout));
    const outcome = await deploy(world.job(ask('rollback')));
    expect(outcome.result).toMatchObject({ code: 'errors-worse', away: [cut.url] });
  });

  test('by another champion is loud, and leaves the hosts where the ledger says', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    world.ledger.events.push(event.promoted(rollout));
    const other = createEvent(contextOf('cleo'), 'rollout.rolled-back', {
      ...{ rollout: 'cleo', environment, version: '3', stable: '1', code: 'requested', explanation: 'Cleo.' },
    });
    world.ledger.race = () => void world.ledger.events.push(other);
    const asked = deploy(world.job(ask('rollback')));
    await expect(asked).rejects.toThrow(/While hosts were taken to version 2, version 1 became the champion/);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
    expect((await here(world)).champion?.version).toBe('1');
  });
});

describe('/promote that is outrun', () => {
  test('by a rollback does not say that it promoted', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    world.ledger.race = () => void world.ledger.events.push(event.rolledBack(rollout));
    const outcome = await deploy(world.job(ask('promote')));
    expect(outcome.reasonCode).toBe('rolled-back');
    expect(outcome.outputs['serving-version']).toBe('2');
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['2', '2']);
  });

  test('by a hold is the last word, and names the share it was given at', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    world.ledger.race = () => void world.ledger.events.push(event.held(rollout));
    const outcome = await deploy(world.job(ask('promote')));
    expect(outcome.outputs['serving-version']).toBe('3');
    expect((await here(world)).history.at(-1)?.explanation).toMatch(/at 10 %/);
  });
});

describe('a job that drives a rollout and is outrun', () => {
  test('by a person’s hold when it would promote holds', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    outrun(world, 'rollout.promoted', [event.held(rollout)]);
    const outcome = await deploy(world.job(ask('advance')));
    expect(outcome.reasonCode).toBe('held');
    expect(kindsOf(world, 'rollout.promoted')).toBe(2);
    expect(world.agents.map(({ traffic }) => traffic?.lease?.control)).toEqual(['held', 'held']);
  });

  test('by a rollback when it would raise the share gives no more, and says how it ended', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    outrun(world, 'rollout.advanced', [event.rolledBack(rollout)]);
    const outcome = await deploy(world.job(ask('advance')));
    expect(outcome.result).toMatchObject({ code: 'errors-worse' });
    expect(world.agents.map(({ traffic }) => [traffic?.stable, traffic?.candidatePercent])).toEqual([
      ['2', 0],
      ['2', 0],
    ]);
  });
});

describe('to begin and to go on', () => {
  test('a report begins none, when the rollout ends while it looks', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    const { read } = world.ledger;
    vi.spyOn(world.ledger, 'read').mockImplementationOnce(async (model) => {
      const state = await read(model);
      world.ledger.events.push(event.rolledBack(rollout));
      return state;
    });
    const outcome = await deploy(world.job(ask('advance', '3')));
    expect(outcome.reasonCode).toBe('rolled-back');
    expect(outcome.outputs['serving-version']).toBe('2');
    expect(kindsOf(world, 'rollout.started')).toBe(3);
  });

  test('neither does /resume', async () => {
    const world = await worldWithOpenRollout();
    const rollout = await openRollout(world);
    world.ledger.race = () => void world.ledger.events.push(event.rolledBack(rollout));
    const outcome = await deploy(world.job(ask('resume', '3')));
    expect(outcome.reasonCode).toBe('rolled-back');
    expect(kindsOf(world, 'rollout.started')).toBe(3);
  });

  test('a deploy that finds its version under way says so, and goes on with it', async () => {
    const world = await worldWithOpenRollout();
    const outcome = await deploy(world.job({ version: '3', correlationId: 'comment-2' }));
    expect(outcome.reasonCode).toBe('promoted');
    expect(world.lines.join('\n')).toMatch(
      /Version 3 is being rolled out since .*: this job begins no other/,
    );
    expect(kindsOf(world, 'rollout.started')).toBe(3);
  });

  test('of two deploys of one version the one that comes second goes on with what the first began', async () => {
    const world = await worldWithOpenRollout();
    await deploy(world.job(ask('rollback')));
    const context = { ...contextOf('comment-3'), at: world.clock.now() };
    const started = createEvent(context, 'rollout.started', {
      ...{ rollout: 'first', environment, version: '3', package: packageOf('3'), stable: '2' },
      ...{ hosts: ['a'], stages: [10, 50, 100], alpha: 0.01 },
    });
    world.ledger.race = () => void world.ledger.events.push(started);
    const outcome = await deploy(world.job({ version: '3', correlationId: 'comment-4' }));
    expect(outcome.result).toMatchObject({ outcome: 'promoted', rollout: 'first' });
  });

  test('an operation that is not deploy’s is refused, and begins none', async () => {
    const world = await worldWithOpenRollout();
    const asked = deploy(world.job({ operation: 'monitor', version: '3', correlationId: 'comment-2' }));
    await expect(asked).rejects.toThrow(/asks for monitor/);
    expect(kindsOf(world, 'rollout.started')).toBe(3);
  });

  test('a version that the plan names goes before the one that the chain made', async () => {
    const world = await worldWithOpenRollout();
    await deploy(world.job(ask('rollback')));
    const { request, ports } = world.job({ version: '3', correlationId: 'comment-5' });
    const outcome = await deploy({ request: { ...request, version: '1' }, ports });
    expect(outcome.outputs['serving-version']).toBe('3');
  });
});
