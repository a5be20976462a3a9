import { describe, expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { replayRollout } from '../../core/rollout/record/replay.ts';
import { championEvents, contextOf, createWorld, versionEvents, type World } from './support/deployment.ts';
import { createServing } from './support/histories.ts';

const environment = 'production';

/** Version 1 serves on both hosts, and a rollout of version 2 was left in its first stage. */
async function worldWithOpenRollout(): Promise<World> {
  const world = createServing();
  await deploy(world.job({ version: '2' }, { detach: true }));
  return world;
}

async function here(world: World) {
  return environmentOf(await world.ledger.read('mnist'), environment);
}

const frozen = () => createEvent(contextOf('bob'), 'frozen', { environment, reason: 'holidays' });
const thawed = () => createEvent(contextOf('bob'), 'unfrozen', { environment });
const ask = (operation: 'promote' | 'advance' | 'hold' | 'resume', id = `${operation}-1`) => ({
  operation,
  correlationId: id,
});

describe('a freeze', () => {
  test('keeps an open rollout at its share, and lets it go on when it is lifted', async () => {
    const world = await worldWithOpenRollout();
    world.ledger.events.push(frozen());
    let ticks = 0;
    world.clock.onTick(() => {
      ticks += 1;
      if (ticks !== 40) return;
      expect(world.agents.map(({ traffic }) => traffic?.candidatePercent)).toEqual([10, 10]);
      world.ledger.events.push(thawed());
    });
    const outcome = await deploy(world.job(ask('advance')));
    expect(outcome.reasonCode).toBe('promoted');
    const held = world.ledger.events.filter(({ kind }) => kind === 'rollout.held');
    expect(held.map(({ data }) => data)).toMatchObject([{ code: 'frozen' }]);
    const [record] = world.kept.values();
    expect(record && replayRollout(record).agrees).toBe(true);
  });

  test('that comes while a promotion is written keeps the candidate from it', async () => {
    const world = await worldWithOpenRollout();
    world.ledger.race = () => void world.ledger.events.push(frozen());
    await expect(deploy(world.job(ask('promote')))).rejects.toThrow(
      /can't be promoted now\. Frozen by ann since .*: holidays\./,
    );
    expect((await here(world)).champion?.version).toBe('1');
  });

  test('that outlasts the deadline has the candidate taken back', async () => {
    const world = await worldWithOpenRollout();
    world.ledger.events.push(frozen());
    const outcome = await deploy(world.job(ask('advance')));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'frozen' });
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
  });

  test.each(['train', 'tune'] as const)(
    'lets a %s end well: its version is packed, and the way on is said',
    async (operation) => {
      const world = createWorld([
        ...versionEvents('1'),
        ...championEvents('1'),
        ...versionEvents('2'),
        frozen(),
      ]);
      const job = world.job({ operation, correlationId: 'push-1' });
      const outcome = await deploy({ ...job, request: { ...job.request, version: '2' } });
      expect(outcome).toMatchObject({ decision: 'complete', reasonCode: 'nothing-to-do' });
      expect(outcome.headline).toContain('Version 2 is packed and not rolled out: production is frozen by');
      expect(outcome.headline).toContain('`/deploy v2 production`');
      expect(outcome.outputs).toEqual({ outcome: 'none', 'serving-version': '1' });
      expect((await here(world)).rollout).toBeUndefined();
      // Who asks for the rollout itself is refused.
      await expect(deploy(world.job({ operation: 'deploy', version: '2' }))).rejects.toThrow('are frozen by');
    },
  );

  test('does not keep harm from being taken back', async () => {
    const world = await worldWithOpenRollout();
    world.ledger.events.push(frozen());
    for (const agent of world.agents) agent.behaviour.candidateErrors = 0.3;
    const outcome = await deploy(world.job(ask('advance')));
    expect(outcome.result['code']).toBe('errors-worse');
  });
});

describe('another champion than the one that a candidate is compared with', () => {
  test('has the candidate taken back, and is left as it is', async () => {
    const world = await worldWithOpenRollout();
    const where = { rollout: 'cleo', environment, version: '1', stable: '9' };
    world.ledger.events.push(
      ...versionEvents('9'),
      // They served here once, one after the other.
      ...championEvents('9').slice(-1),
      ...championEvents('1')
        .slice(-1)
        .map((event) => ({ ...event, id: `again/${event.id}` })),
      createEvent(contextOf('cleo'), 'rollout.rolled-back', {
        ...where,
        ...{ code: 'requested', explanation: 'Cleo went back.' },
      }),
    );
    const outcome = await deploy(world.job(ask('advance')));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'other-champion' });
    expect(outcome.outputs['serving-version']).toBe('9');
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['9', '9']);
  });
});

describe('a hold by a person', () => {
  test('lasts for one deadline at most: then the report of the silent lease ends the rollout', async () => {
    const world = await worldWithOpenRollout();
    await deploy(world.job(ask('hold')));
    const lease = () => world.agents[0].traffic?.lease?.leaseSeconds ?? 0;
    expect(lease()).toBe(1_800);
    await world.clock.wait(1_800_000);
    expect((await deploy(world.job(ask('advance', 'early')))).reasonCode).toBe('held');
    expect(lease()).toBe(900);
    await world.clock.wait(2 * lease() * 1_000);
    const outcome = await deploy(world.job(ask('advance', 'lease-expired')));
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'hold-expired' });
    expect(outcome.headline).toMatch(/ann held it for 1 h, the longest that a hold lasts/);
    expect(Math.max(...world.agents[0].trafficHistory.map((one) => one.candidatePercent))).toBe(10);
  });
});
