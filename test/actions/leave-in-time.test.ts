import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { createServing } from './support/histories.ts';

describe('a job whose time is nearly up', () => {
  test('leaves the rollout to the hosts while it can, and the next goes on', async () => {
    const world = createServing();
    const leaveAt = '2026-11-21T12:01:00.000Z';
    const outcome = await deploy(world.job({ version: '2' }, { leaveAt }));
    expect(outcome.reasonCode).toBe('detached');
    expect(Date.parse(world.clock.now())).toBeGreaterThanOrEqual(Date.parse(leaveAt));
    expect(Date.parse(world.clock.now())).toBeLessThan(Date.parse(leaveAt) + 60_000);
    expect(world.agents.map(({ traffic }) => traffic?.lease?.detached)).toEqual([true, true]);
    const next = await deploy(world.job({ operation: 'advance', correlationId: 'serve-1-rollout-1' }));
    expect(next.reasonCode).toBe('promoted');
  });
});

describe('a job whose runner somebody waits for', () => {
  test('leaves the rollout to the hosts within a round, and raises nothing any more', async () => {
    const world = createServing();
    const callsAt = '2026-11-21T12:00:05.000Z';
    const outcome = await deploy(world.job({ version: '2' }, { callsAt }));
    expect(outcome.reasonCode).toBe('detached');
    expect(outcome.headline).toContain('may wait for the runner of this job');
    expect(Date.parse(world.clock.now())).toBeLessThan(Date.parse(callsAt) + 20_000);
    expect(world.agents.map(({ traffic }) => traffic?.candidatePercent)).toEqual([10, 10]);
    expect(world.agents.map(({ traffic }) => traffic?.lease?.detached)).toEqual([true, true]);
    const rollback = await deploy(world.job({ operation: 'rollback', correlationId: 'comment-2' }));
    expect(rollback.reasonCode).toBe('rolled-back');
  });

  test('leaves none in the dark, to which no host would call anybody: it goes at its first share', async () => {
    const world = createServing();
    const outcome = await deploy(world.job({ version: '2' }, { callsAt: world.clock.now() }));
    expect(outcome.reasonCode).toBe('detached');
    expect(world.agents.map(({ traffic }) => traffic?.candidatePercent)).toEqual([10, 10]);
    expect(world.agents.map(({ traffic }) => traffic?.lease?.detached)).toEqual([true, true]);
    expect((await world.ledger.read('mnist')).environments['production']?.champion?.version).toBe('1');
  });
});

test('an order tells each host what all of them have seen of the stable version: one that was away has seen nothing', async () => {
  const world = createServing();
  expect((await deploy(world.job({ version: '2' }))).reasonCode).toBe('promoted');
  const leases = world.agents.map(({ trafficHistory }) =>
    trafficHistory.flatMap(({ lease }) => (lease === undefined ? [] : [lease])).at(-1),
  );
  const seen = await Promise.all(world.agents.map((agent) => agent.observations('mnist', '', 0)));
  const requests = seen.flat().reduce((sum, { stable }) => sum + stable.requests, 0);
  expect(requests).toBeGreaterThan(0);
  expect(leases.map((lease) => lease?.stablePast)).toEqual([
    { requests, errors: 0, invalid: 0 },
    { requests, errors: 0, invalid: 0 },
  ]);
});
