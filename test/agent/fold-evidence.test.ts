import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EvidenceCache, judgeTraffic } from '../../agent/traffic/brake.ts';
import type { ArmCounts } from '../../core/rollout/evidence/observation.ts';
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
function restart(count: number, candidate: ArmCounts): () => void {
  const { store, clock } = host.context;
  store.transaction(() => {
    for (let index = 0; index < count; index++) {
      const { seq: _seq, hostId: _hostId, ...seen } = poll(index, { candidate, stable: arm(100) });
      store.addObservation(MODEL, ROLLOUT, {
        ...seen,
        stage: 0,
        weights: { candidate: 50 },
        at: clock.now(),
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
