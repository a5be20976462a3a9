import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storedTrafficSchema } from '../../agent/store/stored-traffic.ts';
import { type EvidenceCache, judgeTraffic } from '../../agent/traffic/brake.ts';
import { setTraffic } from '../../agent/traffic/set-traffic.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { ArmCounts, Observation } from '../../core/rollout/evidence/observation.ts';
import type { RolloutLease } from '../../core/serving/api.ts';
import { arm, poll } from '../core/rollout/observations.ts';
import { leaseOf } from './support/deploy.ts';
import { type FakeHost, openFakeHost, storePackage } from './support/fake-context.ts';

const MODEL = 'mnist';
const ROLLOUT = 'r1';

let host: FakeHost;
beforeEach(async () => {
  host = openFakeHost({ repository: 'acme/models' });
  const { store, clock, blobs } = host.context;
  for (const version of ['1', '2']) {
    const manifestDigest = await storePackage(host.context, version);
    store.putInstance({
      ...{ model: MODEL, version, package: `${MODEL}@${manifestDigest}`, manifestDigest, crashes: [] },
      ...{ state: 'ready', since: clock.now(), startedAt: clock.now() },
      manifest: JSON.parse(blobs.readNow(manifestDigest)),
    });
  }
  const lease = { ...leaseOf(ROLLOUT, 600_000), rolloutStartedAt: clock.now(), stageStartedAt: clock.now() };
  const traffic = { stable: '1', candidate: '2', candidatePercent: 50, shadow: false, revision: 1 };
  store.putTraffic(MODEL, {
    traffic: { ...traffic, lease: { ...lease, detached: true } },
    setAt: clock.now(),
  });
});
afterEach(() => host.close());

/** A process that has just started, with so many observations of two versions in its store. */
function restart(
  count: number,
  candidate: ArmCounts,
  over: Partial<Pick<Observation, 'stage' | 'weights' | 'stable'>> = {},
): () => void {
  const { store, clock } = host.context;
  store.transaction(() => {
    for (let index = 0; index < count; index++) {
      const { seq: _seq, hostId: _hostId, ...seen } = poll(index, { candidate, stable: arm(100) });
      store.addObservation(MODEL, ROLLOUT, {
        ...{ ...seen, stage: 0, weights: { candidate: 50 }, at: clock.now() },
        ...over,
      });
    }
  });
  host.world.now += 1_200_000;
  const cache: EvidenceCache = new Map();
  return () => {
    const stored = store.getTraffic(MODEL);
    if (stored !== undefined) judgeTraffic(host.context, cache, { model: MODEL, stored });
  };
}

test('says that a stage is done once all observations are folded, a page at each look', () => {
  const look = restart(2_500, arm(100));
  const reported = () => host.context.store.getTraffic(MODEL)?.reportedStage;
  const seen = [1, 2, 3].map(() => {
    look();
    return reported();
  });
  expect(seen).toEqual([undefined, undefined, `${ROLLOUT}/0`]);
});

test('brakes on what is folded so far', () => {
  const look = restart(2_500, arm(100, { errors: 50 }));
  look();
  expect(host.context.store.getTraffic(MODEL)?.traffic.brake?.code).toBe('errors-worse');
});

test('says again that a stage is done while no job has come, each time after twice as long', () => {
  const { store, clock } = host.context;
  const look = restart(900, arm(100));
  const ids: string[] = [];
  const reminders: unknown[] = [];
  const reportsAfter = (seconds: number) => {
    host.world.now += 1_000 * seconds;
    look();
    for (;;) {
      const entry = store.outbox.next(DISPATCH_TYPES.rollout, clock.now());
      if (entry === undefined) return ids.length;
      store.outbox.delivered(entry.seq, clock.now());
      expect(entry.payload.body).toMatchObject({ rollout: ROLLOUT, stage: 0, version: '2' });
      ids.push(entry.payload.id);
      reminders.push(entry.payload.body['reminder']);
    }
  };
  // An eighth of the lease, and a quarter after that.
  expect([0, 74_000, 2_000, 148_000, 4_000].map(reportsAfter)).toEqual([1, 1, 2, 2, 3]);
  expect(new Set(ids).size).toBe(3);
  expect(reminders).toEqual([undefined, 1, 2]);
  const { reminded: _, ...heard } = store.getTraffic(MODEL) ?? {};
  expect(heard).toHaveProperty('reportedStage');
  store.putTraffic(MODEL, storedTrafficSchema.parse(heard));
  expect(reportsAfter(100_000)).toBe(3);
});

describe('a host that has seen nothing of the stable version', () => {
  /** All requests are the candidate's, of which it fails so many of a hundred in each of forty polls. */
  function takesBack(errors: number, stablePast?: RolloutLease['stablePast']): boolean {
    const { store } = host.context;
    const stored = store.getTraffic(MODEL);
    const lease = stored?.traffic.lease;
    if (stored === undefined || lease === undefined) throw new Error('there is no lease');
    const traffic = {
      ...{ ...stored.traffic, stable: '1', candidatePercent: 100 },
      lease: { ...lease, stage: 1 },
    };
    store.putTraffic(MODEL, { ...stored, traffic });
    const revision = traffic.revision;
    const request = { ...traffic, lease: { ...traffic.lease, ...(stablePast && { stablePast }) } };
    setTraffic(host.context, { model: MODEL, request, expected: revision, counters: undefined });
    // Renewed by a job that knows nothing of it.
    setTraffic(host.context, { model: MODEL, request: traffic, expected: revision + 1, counters: undefined });
    restart(40, arm(100, { errors }), { stage: 1, weights: { candidate: 100 }, stable: arm(0) })();
    return store.getTraffic(MODEL)?.traffic.brake !== undefined;
  }

  test('goes by what the others saw of it, also once a job renews the lease that does not know', () => {
    expect(takesBack(18, { requests: 540, errors: 97, invalid: 0 })).toBe(false);
  });

  test('takes back what does more harm than the others saw of it', () => {
    expect(takesBack(18, { requests: 5_400, errors: 3, invalid: 0 })).toBe(true);
  });

  test('takes nothing back for a rate of failures where nobody has told it anything: whoever sees all hosts does', () => {
    expect(takesBack(100)).toBe(false);
  });
});
