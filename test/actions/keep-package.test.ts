import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { keepPackage } from '../../actions/keep-package/keep-package.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { createWorld, packageOf, versionEvents, type World } from './support/deployment.ts';
import { digestOf } from './support/memory-agent.ts';

const registered = () => versionEvents('1').filter(({ kind }) => kind !== 'package.built');

function keep(world: World, lie: object = {}, name = packageOf('1')) {
  const { request, ports } = world.job({ operation: 'train' });
  const packages = {
    describe: async (packageName: string, runId: string) => {
      const { manifest, built } = await ports.packages.describe(packageName, runId);
      return { manifest: { ...manifest, ...lie }, built };
    },
  };
  const { author } = request;
  return keepPackage({ model: 'mnist', version: '1', package: name, author }, { ...ports, packages });
}

describe('a package that was just built', () => {
  test('is on record before anything of its rollout, and once', async () => {
    const world = createWorld(registered());
    await expect(keep(world)).resolves.toMatchObject({ decision: 'continue', reasonCode: 'package-kept' });
    await expect(keep(world)).resolves.toMatchObject({ reasonCode: 'already-kept' });
    expect(world.ledger.kinds()).toEqual(['gate.judged', 'version.registered', 'package.built']);
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
