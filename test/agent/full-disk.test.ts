import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../agent/store/store.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import { ALL_STABLE, MODEL, useCanaryHost } from './support/canary-host.ts';

const on = useCanaryHost();
const { startCanary, traffic } = on;

/** Lets nothing be written any more; gives what makes room again. */
function fillDisk(store: Store): () => void {
  const { transaction, putTraffic, putMemory, putInstance } = store;
  const fail = () => {
    throw new Error('database or disk is full');
  };
  Object.assign(store, { transaction: fail, putTraffic: fail, putMemory: fail, putInstance: fail });
  return () => Object.assign(store, { transaction, putTraffic, putMemory, putInstance });
}

function nextBrake() {
  const { store, clock } = on.host.context;
  return store.outbox.next(DISPATCH_TYPES.brake, clock.now());
}

async function look(minutes: number) {
  on.host.world.now += minutes * 60_000;
  await on.agent.observeAndJudge();
}

const share = () => on.host.world.plan?.splits[0]?.candidatePercent;

describe('a brake on a host whose disk is full', () => {
  test('acts at once, is reported, and is written as soon as there is room', async () => {
    await startCanary('r1', 60);
    expect(share()).toBe(50);
    const makeRoom = fillDisk(on.host.context.store);
    await look(3);
    expect(share()).toBe(0);
    expect(traffic()).toMatchObject({ candidatePercent: 0, brake: { rollout: 'r1', code: 'lease-expired' } });
    const told = nextBrake();
    expect(told?.payload.body).toMatchObject({ rollout: 'r1', version: '2', to: '1' });
    expect(on.host.world.log).toContainEqual(expect.stringContaining('brake-unwritten'));

    await look(1);
    expect(on.host.context.store.heldTraffic(MODEL)).toBeDefined();
    expect(await on.agent.setTraffic(MODEL, on.canary('r1'), 2).catch(String)).toBeDefined();
    expect(share()).toBe(0);

    makeRoom();
    await look(1);
    expect(on.host.context.store.heldTraffic(MODEL)).toBeUndefined();
    expect(nextBrake()?.payload.id).toBe(told?.payload.id);
    on.host.reopen();
    expect(traffic()).toMatchObject({ candidatePercent: 0, brake: { rollout: 'r1' } });
  });

  test('acts also where it can be kept in no file, and why it can not is quoted', async () => {
    await startCanary('r1', 60);
    mkdirSync(join(on.host.folder, 'agent.db.held.new'));
    fillDisk(on.host.context.store);
    await look(3);
    expect(share()).toBe(0);
    expect(on.host.world.log).toContainEqual(
      expect.stringMatching(/disk is full\W.* would not know of it: EISDIR/),
    );
  });

  test('comes of harm that is seen while nothing can be written, and all of that is written later, once', async () => {
    await startCanary('r1', 36_000);
    for (let round = 1; round <= 12; round += 1) await on.poll(20 * round);
    const makeRoom = fillDisk(on.host.context.store);
    let rounds = 0;
    while (share() !== 0 && rounds < 120) {
      rounds += 1;
      await on.poll(240 + 20 * rounds, 20 * rounds);
    }
    expect(rounds).toBeLessThanOrEqual(6);
    expect(traffic()?.brake).toMatchObject({ rollout: 'r1', code: 'errors-worse' });
    makeRoom();
    await look(1);
    const written = on.observations('r1');
    expect(written).toHaveLength(12 + rounds);
    expect(written.reduce((sum, { candidate }) => sum + candidate.requests, 0)).toBe(240 + 20 * rounds);
    expect(on.host.context.store.heldCounts(MODEL)).toBeUndefined();
  });

  test('is not said to be written when a person takes a version back', async () => {
    await startCanary('r1', 36_000);
    const makeRoom = fillDisk(on.host.context.store);
    const answer = await on.agent.takeBack(MODEL, { explanation: 'It answers nonsense.' });
    expect(answer).toMatchObject({ ok: false, error: { status: 503, code: 'brake-unwritten' } });
    expect(share()).toBe(0);
    makeRoom();
  });

  test('writes what was counted once, also where a person takes back and there is room for a part of it', async () => {
    await startCanary('r1', 36_000);
    await on.poll(20);
    const { store } = on.host.context;
    const makeRoom = fillDisk(store);
    for (const requests of [40, 60, 80]) await on.poll(requests);
    makeRoom();
    const { putMemory } = store;
    Object.assign(store, { putMemory: () => expect.fail('database or disk is full') });
    await on.agent.takeBack(MODEL, { explanation: 'It answers nonsense.' }).catch(String);
    Object.assign(store, { putMemory });
    await look(1);
    const written = on.observations('r1');
    expect(written.reduce((sum, { candidate }) => sum + candidate.requests, 0)).toBe(80);
  });

  test('is not put on a candidate that fails no more than the other', async () => {
    await startCanary('r1', 36_000);
    await on.poll(0);
    fillDisk(on.host.context.store);
    for (let round = 1; round <= 60; round += 1) await on.poll(20 * round, round, round);
    expect(share()).toBe(50);
  });

  test('is reported once where the report has arrived before there was room, but for a replay', async () => {
    await startCanary('r1', 60);
    const makeRoom = fillDisk(on.host.context.store);
    await look(3);
    const first = nextBrake();
    on.host.context.store.outbox.postponed(first?.seq ?? 0, '2026-01-01T01:00:00.000Z', 'no way');
    expect(nextBrake()).toBeUndefined();
    on.host.world.now += 3_600_000;
    const again = nextBrake();
    expect(again).toMatchObject({ attempts: 1, payload: { id: first?.payload.id } });
    on.host.context.store.outbox.delivered(again?.seq ?? 0, on.host.context.clock.now());
    expect(nextBrake()).toBeUndefined();
    makeRoom();
  });

  test('is reported as soon as another report gets through, and counts as waiting until then', async () => {
    await startCanary('r1', 60);
    fillDisk(on.host.context.store);
    await look(3);
    const { outbox } = on.host.context.store;
    const told = nextBrake();
    expect(outbox.pending()).toMatchObject({ count: 1, oldest: told?.at });
    outbox.postponed(told?.seq ?? 0, '2026-01-01T01:00:00.000Z', 'no way');
    expect(nextBrake()).toBeUndefined();
    outbox.hurry(on.host.context.clock.now());
    expect(nextBrake()?.payload.id).toBe(told?.payload.id);
    outbox.delivered(told?.seq ?? 0, on.host.context.clock.now());
    expect(outbox.pending()).toMatchObject({ count: 0, oldest: undefined });
  });

  test('gives way to what a job orders once there is room', async () => {
    await startCanary('r1', 60);
    const makeRoom = fillDisk(on.host.context.store);
    await look(3);
    makeRoom();
    expect(await on.agent.setTraffic(MODEL, ALL_STABLE, traffic()?.revision)).toMatchObject({ ok: true });
    expect(traffic()).not.toHaveProperty('brake');
    expect(on.host.context.store.heldTraffic(MODEL)).toBeUndefined();
  });
});

describe('an agent that begins anew on a full disk', () => {
  test('knows of a brake that was not written, also where there was room before it began', async () => {
    await startCanary('r1', 36_000);
    await on.poll(20);
    const makeRoom = fillDisk(on.host.context.store);
    await on.poll(40, 20);
    expect(share()).toBe(0);
    makeRoom();
    on.host.reopen();
    expect(traffic()).toMatchObject({ candidatePercent: 0, brake: { rollout: 'r1', code: 'errors-worse' } });
    on.restartAgent();
    await look(0);
    expect(share()).toBe(0);
    expect(on.host.context.store.heldTraffic(MODEL)).toBeUndefined();
    expect(nextBrake()?.payload.body).toMatchObject({ rollout: 'r1', version: '2' });
  });

  test('takes what was held for no later traffic, whatever its number', async () => {
    await startCanary('r1', 36_000);
    await on.poll(20);
    const { store } = on.host.context;
    const makeRoom = fillDisk(store);
    await on.poll(40, 20);
    makeRoom();
    const undo = () =>
      store.transaction(() => {
        store.deleteTraffic(MODEL);
        throw new Error('undone');
      });
    expect(undo).toThrow('undone');
    expect(store.heldTraffic(MODEL)).toBeDefined();
    store.deleteTraffic(MODEL);
    on.host.world.now += 1_000;
    await on.agent.setTraffic(MODEL, ALL_STABLE, undefined);
    on.host.reopen();
    expect(traffic()).not.toHaveProperty('brake');
  });

  test('gives a candidate nothing, since a brake may not have been written, until a job is heard again', async () => {
    await startCanary('r1', 36_000);
    const makeRoom = fillDisk(on.host.context.store);
    on.restartAgent();
    await look(0);
    expect(share()).toBe(0);
    expect(traffic()?.brake?.explanation).toContain("began anew and can't write");
    makeRoom();
    await look(0);
    expect(await on.agent.setTraffic(MODEL, on.canary('r1'), traffic()?.revision)).toMatchObject({
      ok: true,
    });
    expect(share()).toBe(50);
  });

  test('leaves a candidate what it has where nobody else could answer', async () => {
    await startCanary('r1', 36_000);
    const { store } = on.host.context;
    const stable = store.getInstance(MODEL, '1');
    if (stable !== undefined) store.putInstance({ ...stable, state: 'failed' });
    fillDisk(store);
    on.restartAgent();
    await look(0);
    expect(traffic()).not.toHaveProperty('brake');
  });
});
