import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { championEvents, createWorld, versionEvents, type World } from './support/deployment.ts';
import { createServing } from './support/histories.ts';

/** The deadline of these rollouts. */
const HOUR_MS = 3_600_000;

/** Version 1 serves, and a job has left version 2 at the first stage. */
async function worldWithOpenRollout(maxUnavailable = 0): Promise<World> {
  const world = createServing(maxUnavailable);
  await deploy(world.job({ version: '2' }, { detach: true }));
  return world;
}

async function openRollout(world: World) {
  return environmentOf(await world.ledger.read('mnist'), 'production').rollout;
}

async function brakeOn(world: World, code: string): Promise<void> {
  const [agent] = world.agents;
  const { revision = 0 } = agent.traffic ?? {};
  const at = '2026-11-21T12:00:00.000Z';
  const rollout = (await openRollout(world))?.id ?? '';
  agent.traffic = {
    ...{ stable: '1', candidatePercent: 0, shadow: false, revision: revision + 1 },
    brake: { rollout, version: '2', code, explanation: 'It fails more often.', at },
  };
}

const report = {
  operation: 'brake',
  correlationId: 'serve-1-brake-1',
  reason: 'It fails more often.',
} as const;
const sharesOf = (world: World) => world.agents.map(({ traffic }) => traffic?.candidatePercent);

describe('the report of a brake', () => {
  test('ends the rollout on every host', async () => {
    const world = await worldWithOpenRollout();
    await brakeOn(world, 'errors-worse');
    const outcome = await deploy(world.job(report));
    expect(outcome).toMatchObject({ reasonCode: 'rolled-back', result: { code: 'errors-worse' } });
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
    expect(await openRollout(world)).toBeUndefined();
  });

  test('that finds no brake raises nothing, however much evidence there is, and ends nothing', async () => {
    const world = await worldWithOpenRollout();
    for (let poll = 0; poll < 40; poll += 1) await world.clock.wait(15_000);
    const before = await openRollout(world);
    const revisions = world.agents.map(({ traffic }) => traffic?.revision);
    const outcome = await deploy(world.job(report));
    expect(outcome.outputs).toEqual({ outcome: 'in-progress', 'serving-version': '1' });
    expect(await openRollout(world)).toEqual(before);
    expect(world.agents.map(({ traffic }) => traffic?.revision)).toEqual(revisions);
  });

  test('ends a rollout whose time is over, though no host brakes', async () => {
    const world = await worldWithOpenRollout();
    await world.clock.wait(HOUR_MS * 1.2);
    expect((await deploy(world.job(report))).outputs).toMatchObject({ outcome: 'in-progress' });
    await world.clock.wait(HOUR_MS * 0.1);
    const outcome = await deploy(world.job({ ...report, correlationId: 'monitor-2' }));
    expect(outcome).toMatchObject({ reasonCode: 'rolled-back', result: { code: 'deadline-passed' } });
    expect(world.agents.map(({ traffic }) => traffic?.candidate)).toEqual([undefined, undefined]);
    expect(await openRollout(world)).toBeUndefined();
  });

  test('takes back the champion that the braked rollout has made meanwhile', async () => {
    const world = createWorld([
      ...[...versionEvents('1'), ...championEvents('1')],
      ...[...versionEvents('2'), ...championEvents('2', '1')],
    ]);
    const [host, braked] = world.agents;
    const at = world.clock.now();
    host.traffic = { stable: '2', candidatePercent: 0, shadow: false, revision: 7 };
    braked.traffic = {
      ...{ stable: '1', candidatePercent: 0, shadow: false, revision: 7 },
      brake: { rollout: 'rollout-2', version: '2', code: 'errors-worse', explanation: 'It fails.', at },
    };
    await deploy(world.job(report));
    const { champion, history } = environmentOf(await world.ledger.read('mnist'), 'production');
    expect(champion?.version).toBe('1');
    expect(history.at(-1)).toMatchObject({ rollout: 'rollout-2', code: 'errors-worse' });
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
  });

  test('is believed where a host can not be asked', async () => {
    const world = await worldWithOpenRollout(1);
    world.agents[0].reachable = false;
    const outcome = await deploy(world.job(report));
    expect(outcome).toMatchObject({ reasonCode: 'rolled-back', result: { code: 'braked' } });
    expect(outcome.headline).toContain('It fails more often.');
    expect(sharesOf(world)[1]).toBe(0);
  });

  test('of a rollout that is over ends no other, though a host can not be asked', async () => {
    const world = await worldWithOpenRollout(1);
    const first = (await openRollout(world))?.id ?? '';
    await deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
    await world.clock.wait(60_000);
    await deploy(world.job({ version: '2', correlationId: 'comment-3' }, { detach: true }));
    const open = await openRollout(world);
    world.agents[0].reachable = false;
    const outcome = await deploy(world.job({ ...report, rollout: first }));
    expect(outcome.result).toMatchObject({ rollout: first, outcome: 'rolled-back' });
    expect(await openRollout(world)).toEqual(open);
    expect(sharesOf(world)[1]).toBe(10);
  });

  test('of a rollout that is over begins none', async () => {
    const world = await worldWithOpenRollout();
    await deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
    const outcome = await deploy(world.job(report));
    expect(outcome.outputs).toEqual({ outcome: 'none', 'serving-version': '1' });
    expect(await openRollout(world)).toBeUndefined();
  });
});
