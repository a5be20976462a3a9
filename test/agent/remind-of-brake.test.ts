import { describe, expect, test } from 'vitest';
import { DISPATCH_TYPES } from '../../core/names.ts';
import { ALL_STABLE, MODEL, useCanaryHost } from './support/canary-host.ts';

const on = useCanaryHost();

describe('a brake for harm that nobody obeys', () => {
  /** The ids of the reports of brakes that were sent until now, in their order. */
  const sent: string[] = [];
  const deliver = () => {
    const { store, clock } = on.host.context;
    for (;;) {
      const entry = store.outbox.next(DISPATCH_TYPES.brake, clock.now());
      if (entry === undefined) return sent.length;
      store.outbox.delivered(entry.seq, clock.now());
      expect(entry.payload.body).toMatchObject({ rollout: 'r1', version: '2', to: '1' });
      sent.push(entry.payload.id);
    }
  };
  const pass = async (minutes: number) => {
    on.host.world.now += minutes * 60_000;
    await on.agent.observeAndJudge();
    return deliver();
  };
  const brake = async () => {
    sent.length = 0;
    await on.startCanary('r1', 36_000);
    await on.poll(4_000, 2_000);
    expect(deliver()).toBe(1);
  };

  test('is said again, each time after twice as long, under an id of its own', async () => {
    await brake();
    expect([await pass(1), await pass(1)]).toEqual([1, 2]);
    expect([await pass(3), await pass(1)]).toEqual([2, 3]);
    on.restartAgent();
    expect([await pass(7), await pass(1)]).toEqual([3, 4]);
    expect(new Set(sent).size).toBe(4);
  });

  test('is said no more once a job has set the traffic', async () => {
    await brake();
    await on.agent.setTraffic(MODEL, ALL_STABLE, on.traffic()?.revision);
    expect(await pass(600)).toBe(1);
  });

  test('is told apart from lost contact, which is said once', async () => {
    sent.length = 0;
    await on.startCanary('r1', 60);
    expect(await pass(3)).toBe(1);
    expect(on.traffic()?.brake?.code).toBe('lease-expired');
    expect(await pass(600)).toBe(1);
  });
});
