import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { ServiceError } from '../../core/errors.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { championEvents, contextOf, createWorld, versionEvents, type World } from './support/deployment.ts';
import { serveToAll } from './support/histories.ts';
import { showReport } from './support/show-report.ts';

const where = { rollout: 'mnist/production/v1/comment-1', environment: 'production' };

/** Writes this right before the job records that the first version is the champion: a person is faster. */
function outrunPromotion(world: World, other: LedgerEvent): void {
  const { append } = world.ledger;
  let isDone = false;
  vi.spyOn(world.ledger, 'append').mockImplementation(async (model, propose) => {
    const proposed = propose(await world.ledger.read(model));
    if (!isDone && proposed.ok && proposed.value.some(({ kind }) => kind === 'rollout.promoted')) {
      isDone = true;
      world.ledger.race = () => void world.ledger.events.push(other);
    }
    return append(model, propose);
  });
}

async function production(world: World) {
  return environmentOf(await world.ledger.read('mnist'), 'production');
}

const roll = (world: World) => deploy(world.job({ version: '2' }));

describe('a version that the ledger knows no champion before', () => {
  /** Both hosts serve version 1, which was promoted where the environment had another name, or before the ledger was lost. */
  function worldWithStrangers(maxUnavailable = 0): World {
    const world = createWorld([...versionEvents('1'), ...versionEvents('2')], maxUnavailable);
    serveToAll(world, '1');
    return world;
  }

  test('overwrites no host that serves another: nothing begins', async () => {
    const world = worldWithStrangers();
    const recorded = world.ledger.events.length;
    await expect(roll(world)).rejects.toThrow(
      /serve-1:9443 serves version 1, which the ledger does not know as a champion of production\. If the ledger branch was lost/,
    );
    expect(world.ledger.events).toHaveLength(recorded);
    expect(world.agents.map(({ trafficHistory }) => trafficHistory)).toEqual([[], []]);
  });

  test('follows once what serves was taken over by name', async () => {
    const world = worldWithStrangers();
    const taken = await deploy(world.job({ version: '1' }));
    expect(taken.outputs).toEqual({ outcome: 'promoted', 'serving-version': '1' });
    const next = await deploy(world.job({ version: '2', correlationId: 'comment-2' }));
    expect(next.reasonCode).toBe('promoted');
    expect(world.agents[0].trafficHistory.map((one) => one.candidatePercent)).toContain(10);
  });

  test('waits for a host that can’t be asked, though it may be away', async () => {
    const world = worldWithStrangers(1);
    const [first, second] = world.agents;
    first.traffic = undefined;
    second.reachable = false;
    await expect(roll(world)).rejects.toThrow(/serve-2:9443 can't be asked what it serves/);
  });

  test('is taken back when a host shows another version right before it would get everything', async () => {
    const world = createWorld([...versionEvents('1'), ...versionEvents('2')]);
    world.ledger.afterAppend = (written) => {
      if (written.some(({ kind }) => kind === 'rollout.started')) {
        world.agents[1].traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 1 };
      }
    };
    const outcome = await roll(world);
    expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'host-serves-other' });
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual([undefined, '1']);
  });
});

describe('a version over a champion that the ledger knows', () => {
  test('overwrites no host that serves a version of another environment', async () => {
    const world = createWorld([...versionEvents('1'), ...championEvents('1'), ...versionEvents('2')]);
    const [first, second] = world.agents;
    first.traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 1 };
    second.traffic = { stable: '9', candidatePercent: 0, shadow: false, revision: 1 };
    await expect(roll(world)).rejects.toThrow(/serve-2:9443 serves version 9, which the ledger does not/);
    expect(second.traffic?.stable).toBe('9');
  });
});

describe('the first version of an environment', () => {
  test('gets no traffic when a person holds it before it is promoted, and all when it may go on', async () => {
    const world = createWorld(versionEvents('1'));
    const held = { ...where, code: 'held', explanation: 'Bob held it.' };
    const bob = { ...contextOf('bob'), at: world.clock.now() };
    outrunPromotion(world, createEvent(bob, 'rollout.held', held));
    expect((await deploy(world.job({ version: '1' }))).reasonCode).toBe('held');
    expect(world.agents.map(({ traffic }) => traffic)).toEqual([undefined, undefined]);
    expect((await production(world)).rollout?.held?.code).toBe('held');
    expect((await production(world)).champion).toBeUndefined();
    const resumed = await deploy(world.job({ operation: 'resume', correlationId: 'comment-2' }));
    expect(resumed.reasonCode).toBe('promoted');
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
  });

  test('gets no traffic when a person takes it back before it is promoted', async () => {
    const world = createWorld(versionEvents('1'));
    const takenBack = { ...where, version: '1', code: 'requested', explanation: 'Bob asked for it.' };
    outrunPromotion(world, createEvent(contextOf('bob'), 'rollout.rolled-back', takenBack));
    expect((await deploy(world.job({ version: '1' }))).reasonCode).toBe('rolled-back');
    expect(world.agents.map(({ traffic }) => traffic)).toEqual([undefined, undefined]);
  });

  test('names a host that refuses it, and is served there when the job runs again', async () => {
    const world = createWorld(versionEvents('1'));
    const refuse = vi.spyOn(world.agents[1], 'setTraffic').mockRejectedValue(
      new ServiceError({
        ...{ code: 'data-plane-down', message: 'Envoy does not answer.', remedy: 'Start it.' },
        where: { kind: 'endpoint', endpoint: world.agents[1].url },
      }),
    );
    const first = await deploy(world.job({ version: '1' }));
    expect(first.result).toMatchObject({ outcome: 'promoted', away: [world.agents[1].url] });
    expect(showReport(first.report)).toContain('Envoy does not answer');
    refuse.mockRestore();
    const again = await deploy(world.job({ version: '1' }));
    expect(again.outputs).toEqual({ outcome: 'promoted', 'serving-version': '1' });
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
  });
});
