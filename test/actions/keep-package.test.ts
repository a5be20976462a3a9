import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { keepPackage } from '../../actions/keep-package/keep-package.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { createWorld, packageOf, versionEvents, type World } from './support/deployment.ts';
import { digestOf } from './support/memory-agent.ts';

const registered = () => versionEvents('1').filter(({ kind }) => kind !== 'package.built');

type Signs = Pick<Parameters<typeof keepPackage>[1], 'signFolder' | 'keepText'>;

const NO_SIGNATURE: Signs = {
  keepText: async () => {
    throw new Error('nothing is signed');
  },
};

function keep(world: World, lie: object = {}, name = packageOf('1'), signs = NO_SIGNATURE) {
  const { request, ports } = world.job({ operation: 'train' });
  const packages = {
    describe: async (packageName: string, runId: string) => {
      const described = await ports.packages.describe(packageName, runId);
      return { ...described, manifest: { ...described.manifest, ...lie } };
    },
  };
  const { author } = request;
  const asked = { model: 'mnist', version: '1', package: name, author };
  return keepPackage(asked, { ...ports, ...signs, packages });
}

describe('a package that was just built', () => {
  test('is on record before anything of its rollout, and once', async () => {
    const world = createWorld(registered());
    await expect(keep(world)).resolves.toMatchObject({ decision: 'continue', reasonCode: 'package-kept' });
    await expect(keep(world)).resolves.toMatchObject({ reasonCode: 'already-kept' });
    expect(world.ledger.kinds()).toEqual(['gate.judged', 'version.registered', 'package.built']);
  });

  test('is signed beside its files, for whoever has the public key, where the job has a private one', async () => {
    const kept: unknown[] = [];
    await keep(createWorld(registered()), {}, packageOf('1'), {
      signFolder: (name, files) => `${name} ${[...files.keys()].join()}`,
      keepText: async (...args) => void kept.push(args),
    });
    const place = 'trainyard/package/run-1/model.sig';
    expect(kept).toEqual([['run-1', place, `${packageOf('1')} trainyard.json`]]);
  });

  test('is rolled out later by its version alone, although a freeze stopped its chain', async () => {
    const world = createWorld(registered());
    const { author } = world.job({}).request;
    const at = world.clock.now();
    const where = { environment: 'production' };
    const frozen = createEvent({ ...author, at }, 'frozen', { ...where, reason: 'audit' });
    await world.ledger.append('mnist', () => ({ ok: true, value: [frozen] }));
    await keep(world);
    const chain = world.job({ operation: 'train' });
    await expect(
      deploy({ request: { ...chain.request, version: '1', package: packageOf('1') }, ports: chain.ports }),
    ).resolves.toMatchObject({ decision: 'complete', headline: expect.stringContaining('is frozen by ann') });
    expect(world.ledger.kinds()).not.toContain('rollout.started');
    const thawed = createEvent({ ...author, at }, 'unfrozen', where);
    await world.ledger.append('mnist', () => ({ ok: true, value: [thawed] }));
    const asked = world.job({ operation: 'deploy' });
    await expect(
      deploy({ request: { ...asked.request, version: '1', package: undefined }, ports: asked.ports }),
    ).resolves.toMatchObject({ reasonCode: 'promoted' });
  });

  test.each([
    ['of another model', { model: 'lenet' }],
    ['of another version', { version: '666' }],
    ['of another run', { runId: 'run-666' }],
    ['made from other bytes than were judged', { modelDigest: digestOf('poison') }],
  ])('is not put on record when it is %s', async (_, lie) => {
    const world = createWorld(registered());
    await expect(keep(world, lie)).rejects.toThrow(/is not the package of version 1/);
    expect(world.ledger.kinds()).toEqual(['gate.judged', 'version.registered']);
  });

  test('is of no version that the ledger does not know', async () => {
    await expect(keep(createWorld([]))).rejects.toThrow(/has no version 1/);
  });
});
