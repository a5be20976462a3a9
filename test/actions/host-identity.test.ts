import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { hostIdOf } from '../fixtures/host-id-of.ts';
import { createServing } from './support/histories.ts';

describe('two hosts of one name', () => {
  test.each([0, 1] as const)(
    'are both heard: harm on one of them takes the version back (%i)',
    async (at) => {
      const world = createServing();
      for (const agent of world.agents) agent.identity = { ...agent.identity, host: 'localhost' };
      world.agents[at].behaviour.candidateErrors = 0.5;
      const outcome = await deploy(world.job({ version: '2' }));
      expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'errors-worse' });
    },
  );

  test('are refused by address when they are one agent, before anything is on record', async () => {
    const world = createServing();
    world.agents[1].identity = world.agents[0].identity;
    const recorded = world.ledger.events.length;
    await expect(deploy(world.job({ version: '2' }))).rejects.toThrow(
      /serve-1:9443 and http:\/\/serve-2:9443 lead to the same agent/,
    );
    expect(world.ledger.events).toHaveLength(recorded);
  });
});

test('a host whose database was lost in the middle of a rollout is read from its first observation again', async () => {
  const world = createServing();
  for (const agent of world.agents) agent.behaviour.requests = 400;
  const [, host] = world.agents;
  let isLost = false;
  world.clock.onTick(() => {
    if (isLost || host.seen.length < 20) return;
    isLost = true;
    host.seen.length = 0;
    host.identity = { ...host.identity, hostId: hostIdOf('another database') };
  });
  expect((await deploy(world.job({ version: '2' }))).reasonCode).toBe('promoted');
  const [record] = world.kept.values();
  const kept = record?.observations.filter(({ hostId }) => hostId === host.identity.hostId) ?? [];
  expect(kept.map(({ seq }) => seq)).toEqual(host.seen.slice(0, kept.length).map(({ seq }) => seq));
  expect(kept.length).toBeGreaterThan(20);
});
