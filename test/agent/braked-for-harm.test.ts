import { describe, expect, test } from 'vitest';
import type { SetTraffic, Word } from '../../core/serving/api.ts';
import { ALL_STABLE, useCanaryHost } from './support/canary-host.ts';

const on = useCanaryHost();
const { traffic, canary, startCanary, poll } = on;

const ONLY_TWO: SetTraffic = { ...ALL_STABLE, stable: '2' };

describe('a version that this host has braked for harm', () => {
  const set = (request: SetTraffic) => on.agent.setTraffic('mnist', request, traffic()?.revision);
  const later = (seconds: number) => new Date(on.host.world.now + seconds * 1_000).toISOString();
  const word = (rollout: string, at: string): Word => ({ version: '2', rollout, actor: 'ada', at });
  const brake = async () => {
    await startCanary('r1');
    await poll(4_000, 2_000);
    expect(traffic()?.brake).toMatchObject({ rollout: 'r1', version: '2' });
  };

  test('is not served again by a repair, whatever the ledger says meanwhile', async () => {
    await brake();
    expect(await set(ONLY_TWO)).toMatchObject({ error: { code: 'braked' } });
    // A job that was late takes it back before it reads that the version was promoted.
    expect(await set(ALL_STABLE)).toMatchObject({ ok: true });
    expect(traffic()).not.toHaveProperty('brake');
    expect(await set(ONLY_TWO)).toMatchObject({ error: { code: 'braked' } });
    expect(await set({ ...canary('r2'), stable: '2', candidate: '1' })).toMatchObject({
      error: { code: 'braked' },
    });
    expect(traffic()?.stable).toBe('1');
  });

  test('is not raised by its own rollout again after an order without a share', async () => {
    await brake();
    expect(await set({ ...canary('r1'), candidatePercent: 0 })).toMatchObject({ ok: true });
    expect(traffic()?.brake).toMatchObject({ rollout: 'r1' });
    expect(await set({ ...canary('r1'), candidatePercent: 0, shadow: true })).toMatchObject({
      error: { code: 'braked' },
    });
    expect(await set(canary('r1'))).toMatchObject({ error: { code: 'braked' } });
  });

  test('is served again by a person’s word that came after it, for another rollout', async () => {
    await brake();
    const early = word('r0', later(-60));
    const own = word('r1', later(60));
    const good = word('mnist/production/rollback/1', later(60));
    expect(await set({ ...ONLY_TWO, words: [early] })).toMatchObject({ error: { code: 'braked' } });
    expect(await set({ ...ONLY_TWO, words: [own] })).toMatchObject({ error: { code: 'braked' } });
    expect(await set({ ...ONLY_TWO, words: [{ ...good, version: '1' }] })).toMatchObject({
      error: { code: 'braked' },
    });
    expect(await set({ ...ONLY_TWO, words: [good] })).toMatchObject({ ok: true });
    expect(traffic()).toMatchObject({ stable: '2', words: [{ actor: 'ada' }] });
    expect(traffic()).not.toHaveProperty('braked');
    expect(await set(ALL_STABLE)).toMatchObject({ ok: true });
    expect(await set(ONLY_TWO)).toMatchObject({ ok: true });
  });

  test('stays so when the agent begins anew', async () => {
    await brake();
    await set(ALL_STABLE);
    on.restartAgent();
    expect(await set(ONLY_TWO)).toMatchObject({ error: { code: 'braked' } });
  });
});
