import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createAnnouncer } from '../../actions/deploy/announcer.ts';
import { deploy } from '../../actions/deploy/deploy.ts';
import { ServiceError } from '../../core/errors.ts';
import { championEvents, createWorld, versionEvents, type World } from './support/deployment.ts';
import { serveToAll } from './support/histories.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

/** A clock on which every wait is over soon. */
const soon = {
  wait: async (_milliseconds: number, signal?: AbortSignal) => setTimeout(50, undefined, { signal }),
};

/** Version 2 serves after version 1, and GitHub takes deployments as `createDeployment` says. */
function createHistory(createDeployment: () => Promise<number>) {
  const world = createWorld([
    ...versionEvents('1'),
    ...championEvents('1'),
    ...versionEvents('2'),
    ...championEvents('2', '1'),
  ]);
  serveToAll(world, '2');
  const { request, ports } = world.job({ operation: 'rollback' });
  const announcer = createAnnouncer({
    ...{
      model: 'mnist',
      sha: 'a',
      environment: 'production',
      comment: undefined,
      clock: soon,
      log: ports.log,
    },
    github: { ...createRecordingGitHub(), createDeployment },
  });
  return { world, announcer, rollBack: () => deploy({ request, ports: { ...ports, announcer } }) };
}

const servedBy = (world: World) => world.agents.map(({ traffic }) => traffic?.stable);

test.each([410, 403, 503])(
  'a rollback is done where GitHub answers %i, and says what was not told',
  async (status) => {
    const { world, announcer, rollBack } = createHistory(async () => {
      throw new ServiceError({
        ...{ code: 'github-refused', message: `GitHub answers ${status}.`, remedy: 'Look at its status.' },
        where: { kind: 'endpoint', endpoint: 'https://api.github.test' },
      });
    });
    expect((await rollBack()).outputs['serving-version']).toBe('1');
    expect(servedBy(world)).toEqual(['1', '1']);
    expect(await announcer.finished()).toEqual([
      expect.stringMatching(
        new RegExp(`^The GitHub Deployment could not be written: .*GitHub answers ${status}`),
      ),
    ]);
  },
);

test('a rollback waits for no GitHub that never answers', async () => {
  const { world, announcer, rollBack } = createHistory(() => new Promise(() => undefined));
  expect((await rollBack()).outputs['serving-version']).toBe('1');
  expect(servedBy(world)).toEqual(['1', '1']);
  expect(await announcer.finished()).toEqual([expect.stringMatching(/^GitHub does not answer/)]);
});

test('nothing is left out where GitHub answers', async () => {
  const { announcer, rollBack } = createHistory(async () => 1);
  await rollBack();
  expect(await announcer.finished()).toEqual([]);
});

test('a deployment says where its evidence is seen: in the comment once that is written, and until then in the run', async () => {
  const told: unknown[] = [];
  const { ports } = createWorld([]).job({ operation: 'rollback' });
  const address = 'https://github.test/acme/models/pull/7#issuecomment-1';
  const announcer = createAnnouncer({
    ...{ model: 'mnist', sha: 'a', environment: 'production', clock: soon, log: ports.log },
    comment: async () => address,
    github: {
      ...createRecordingGitHub(),
      createDeployment: async () => 1,
      setDeploymentStatus: async (_deployment, state, { description, seenAt }) => {
        told.push([state, description, seenAt]);
      },
    },
  });
  announcer.status('01', 'in_progress', '1 %');
  announcer.progress({ sign: 'pass', blocks: [] });
  announcer.status('01', 'in_progress', '10 %');
  expect(await announcer.finished()).toEqual([]);
  expect(told).toEqual([
    ['in_progress', '1 %', undefined],
    ['in_progress', '10 %', address],
  ]);
});
