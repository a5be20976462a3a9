import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import {
  championEvents,
  createWorld,
  judgedAgainst,
  versionEvents,
  type World,
} from './support/deployment.ts';
import { serveToAll } from './support/histories.ts';

/** Version 1 serves; versions 2 and 3 were judged against it. */
function createHistory(): World {
  const world = createWorld([
    ...versionEvents('1'),
    ...championEvents('1'),
    ...versionEvents('2'),
    ...versionEvents('3'),
    judgedAgainst('1', '3'),
  ]);
  serveToAll(world, '1');
  return world;
}

async function champion(world: World) {
  return environmentOf(await world.ledger.read('mnist'), 'production').champion?.version;
}

/** What a chain hands on: nobody has named the version that it made. */
function chain(world: World, version: string, correlationId: string) {
  const word = { at: world.clock.now(), namesVersion: false };
  const job = world.job({
    operation: 'train',
    word,
    correlationId,
    cause: { kind: 'push', id: correlationId },
  });
  return { ...job, request: { ...job.request, version } };
}

const startsOf = (world: World) => world.ledger.kinds().filter((kind) => kind === 'rollout.started').length;

describe('a job that comes late', () => {
  test('does not put its version in the place of a newer champion', async () => {
    const world = createHistory();
    await deploy(chain(world, '3', 'push-3'));
    expect(await champion(world)).toBe('3');
    await expect(deploy(chain(world, '2', 'push-2'))).rejects.toThrow(
      /Version 2 was judged against version 1, and version 3 serves production\./,
    );
    await expect(deploy(world.job({ version: '2', correlationId: 'comment-2' }))).rejects.toThrow(
      /judged against version 1/,
    );
    expect(await champion(world)).toBe('3');
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['3', '3']);
  });

  test('does when the gate has judged it against that champion', async () => {
    const world = createHistory();
    await deploy(chain(world, '3', 'push-3'));
    world.ledger.events.push(judgedAgainst('3', '2'));
    expect((await deploy(chain(world, '2', 'push-2'))).reasonCode).toBe('promoted');
  });

  test('is overtaken by a champion that comes while it starts', async () => {
    const world = createHistory();
    world.ledger.race = () => void world.ledger.events.push(...championEvents('3', '1'));
    await expect(deploy(chain(world, '2', 'push-2'))).rejects.toThrow(/and version 3 serves production/);
    expect(startsOf(world)).toBe(2);
  });
});

describe('a version that was taken back for harm', () => {
  async function afterHarm(): Promise<World> {
    const world = createHistory();
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0.2;
    expect((await deploy(chain(world, '2', 'push-2'))).result['code']).toBe('errors-worse');
    return world;
  }

  test('is not begun again by the same chain, by another, or by a deploy that leaves the version open', async () => {
    const world = await afterHarm();
    expect((await deploy(chain(world, '2', 'push-2'))).reasonCode).toBe('rolled-back');
    await expect(deploy(chain(world, '2', 'retrain-1'))).rejects.toThrow(/Version 2 was taken back/);
    const open = { at: world.clock.now(), namesVersion: false };
    const unnamed = world.job({ version: '2', word: open, correlationId: 'comment-2' });
    await expect(deploy(unnamed)).rejects.toThrow(/Only a person's word begins it again: \/deploy v2/);
    expect(startsOf(world)).toBe(2);
  });

  test('is not begun again by the word of a person who could not know', async () => {
    const world = await afterHarm();
    const word = { at: '2026-11-21T11:59:00.000Z', namesVersion: true };
    const early = world.job({ version: '2', word, correlationId: 'comment-2' });
    await expect(deploy(early)).rejects.toThrow(/taken back/);
  });

  test('is begun again when a person names it', async () => {
    const world = await afterHarm();
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0;
    await deploy(world.job({ version: '2', correlationId: 'comment-2' }));
    expect(startsOf(world)).toBe(3);
  });
});
