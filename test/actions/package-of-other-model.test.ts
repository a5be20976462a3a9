import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import type { LocalPackage } from '../../actions/serving/package-source.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { createWorld, packageOf, versionEvents, type World } from './support/deployment.ts';
import { digestOf } from './support/memory-agent.ts';

const PLANTED = `mnist@${digestOf('planted')}`;

/** What somebody with write access to MLflow has put into the manifest of a package. */
type Lie = Partial<Pick<LocalPackage['manifest'], 'model' | 'version' | 'runId' | 'modelDigest'>>;

const LIES: readonly (readonly [string, Lie])[] = [
  ['made from other bytes than were judged', { modelDigest: digestOf('poison') }],
  ['of another run', { runId: 'run-666' }],
  ['of another version', { version: '666' }],
  ['of another model', { model: 'lenet' }],
];

/** Deploys version 1, whose package says of itself what it likes; hosts trust no key. */
async function deployWith(world: World, lie: Lie, given?: string) {
  const job = world.job({ operation: 'train' });
  const { describe: describeHonestly, fetch } = job.ports.packages;
  const packages = {
    ...job.ports.packages,
    describe: async (name: string, runId: string) => {
      const described = await describeHonestly(name, runId);
      return { ...described, manifest: { ...described.manifest, ...lie } };
    },
    fetch: async (place: Parameters<typeof fetch>[0]) => {
      const local = await fetch(place);
      return { ...local, manifest: { ...local.manifest, ...lie } };
    },
  };
  const request = { ...job.request, version: '1', package: given };
  return deploy({ request, ports: { ...job.ports, packages } });
}

const withoutPackage = (events: readonly LedgerEvent[]) =>
  events.filter(({ kind }) => kind !== 'package.built');

describe('a package that was handed on, and the ledger does not know', () => {
  test.each(LIES)('is refused when it is %s, before anything is on record or on a host', async (_, lie) => {
    const world = createWorld(withoutPackage(versionEvents('1')));
    await expect(deployWith(world, lie, PLANTED)).rejects.toThrow(/is not the package of version 1/);
    expect(world.ledger.kinds()).toEqual(['gate.judged', 'version.registered']);
    expect(world.agents.flatMap(({ instances }) => [...instances.keys()])).toEqual([]);
  });

  test('is rolled out when it says what the ledger says', async () => {
    const world = createWorld(withoutPackage(versionEvents('1')));
    await expect(deployWith(world, {}, PLANTED)).resolves.toMatchObject({ reasonCode: 'promoted' });
  });
});

describe('a package that the ledger names', () => {
  test.each(LIES)('is given to no host when it is %s', async (_, lie) => {
    const world = createWorld(versionEvents('1'));
    await expect(deployWith(world, lie, packageOf('1'))).rejects.toThrow(/is not the package of version 1/);
    expect(world.agents.flatMap(({ blobs }) => [...blobs])).toEqual([]);
  });
});
