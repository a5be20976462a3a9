import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { championEvents, createWorld, packageOf, versionEvents, type World } from './support/deployment.ts';
import { digestOf, type MemoryAgent } from './support/memory-agent.ts';

/** Version 2 serves after version 1; the second host runs it under another package than the ledger has. */
function createHistory(): World {
  const world = createWorld([
    ...versionEvents('1'),
    ...championEvents('1'),
    ...versionEvents('2'),
    ...championEvents('2', '1'),
  ]);
  const [first, second] = world.agents;
  run(first, packageOf('2'), world);
  run(second, `mnist@${digestOf('another')}`, world);
  return world;
}

function run(agent: MemoryAgent, name: string, world: World): void {
  const instance = {
    model: 'mnist',
    version: '2',
    package: name,
    state: 'ready',
    since: world.clock.now(),
  } as const;
  agent.instances.set('2', instance);
  agent.traffic = { stable: '2', candidatePercent: 0, shadow: false, revision: 1 };
}

describe('/deploy of the version that serves', () => {
  test('has a host that runs it under another package bring it up in the right one, with the version before meanwhile', async () => {
    const world = createHistory();
    const [first, second] = world.agents;
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.outputs).toEqual({ outcome: 'none', 'serving-version': '2' });
    expect(outcome.headline).toMatch(
      /^Version 2 serves all of production already\. .* on http:\/\/serve-2:9443\.$/,
    );
    expect(second.instances.get('2')?.package).toBe(packageOf('2'));
    expect(second.trafficHistory.map(({ stable }) => stable)).toEqual(['1', '2']);
    expect(first.trafficHistory.every(({ stable }) => stable === '2')).toBe(true);
    expect(world.ledger.kinds()).not.toContain('rollout.advanced');
    expect(world.ledger.kinds().slice(-2)).toEqual(['lock.acquired', 'lock.released']);
  });

  test('changes nothing where every host runs the ledger’s package', async () => {
    const world = createHistory();
    await deploy(world.job({ version: '2' }));
    const again = await deploy(world.job({ version: '2', correlationId: 'comment-2' }));
    expect(again.headline).toMatch(/No host that was reached had to bring it up anew\.$/);
  });

  test('leaves the host as it is where nothing could answer meanwhile', async () => {
    const world = createWorld([...versionEvents('2'), ...championEvents('2')]);
    for (const agent of world.agents) run(agent, `mnist@${digestOf('another')}`, world);
    const outcome = await deploy(world.job({ version: '2' }));
    expect(outcome.result['away']).toEqual(world.agents.map(({ url }) => url));
    expect(outcome.headline).toMatch(/left as it is: .*no version before it that could answer/);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['2', '2']);
  });
});
