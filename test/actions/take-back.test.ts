import { expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { createFleet } from '../../actions/deploy/hosts/fleet.ts';
import { takeBack } from '../../actions/deploy/hosts/take-back.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { championEvents, createWorld, versionEvents } from './support/deployment.ts';
import { createServing } from './support/histories.ts';

test('a candidate is taken off the hosts that its rollout leads, and off no other', async () => {
  const world = createServing();
  await deploy(world.job({ version: '2' }, { detach: true }));
  const { rollout } = environmentOf(await world.ledger.read('mnist'), 'production');
  const { clock, agents } = world;
  const log = { info: () => undefined, warn: () => undefined };
  const fleet = createFleet({
    agents,
    mayBeAway: 0,
    clock,
    log: { ...log, group: (_title, work) => work() },
  });
  const shares = () => agents.map(({ traffic }) => traffic?.candidatePercent);
  await takeBack(fleet, { model: 'mnist', rollout: 'an-older-one', stable: '1' });
  expect(shares()).toEqual([10, 10]);
  await takeBack(fleet, { model: 'mnist', rollout: rollout?.id ?? '', stable: '1' });
  expect(shares()).toEqual([0, 0]);
});

test('a host that no rollout leads keeps what it was given last, however late a rollback comes', async () => {
  const world = createWorld([...versionEvents('1'), ...championEvents('1')]);
  for (const agent of world.agents) {
    await agent.startInstance('mnist', '1', { manifest: 'sha256:1' });
    agent.traffic = { stable: '3', candidatePercent: 0, shadow: false, revision: 1 };
  }
  const { fleet } = world.job({}).ports;
  await takeBack(fleet, { model: 'mnist', rollout: 'an-older-one', stable: '1' });
  expect(world.agents.map(({ trafficHistory }) => trafficHistory)).toEqual([[], []]);
});
