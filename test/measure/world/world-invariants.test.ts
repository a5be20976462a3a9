import { describe, expect, it } from 'vitest';
import { foldLedger } from '../../../core/ledger/fold.ts';
import { DEADLINE_INVARIANTS, STORE_INVARIANTS } from '../../../measure/world/invariants/bound-invariants.ts';
import { JOB_INVARIANTS } from '../../../measure/world/invariants/job-invariants.ts';
import {
  type HostServing,
  SERVING_INVARIANTS,
} from '../../../measure/world/invariants/serving-invariants.ts';
import type { JobEnd } from '../../../measure/world/world.ts';
import { championEvents, versionEvents } from '../../actions/support/deployment.ts';

const SERVING: HostServing = {
  url: 'http://serve-1:9443',
  downMs: 0,
  takenBack: undefined,
  harm: undefined,
  candidate: { version: '2', percent: 10, allowed: 10 },
};

describe('what each host has to keep while it serves', () => {
  const breachesOf = (change: Partial<HostServing>) =>
    SERVING_INVARIANTS.filter(({ breach }) => breach({ ...SERVING, ...change }) !== undefined).map(
      ({ name }) => name,
    );

  it('is kept where nothing is wrong', () => expect(breachesOf({})).toEqual([]));

  it.each<[string, Partial<HostServing>]>([
    ['healthy-champion-serves', { downMs: 31_000 }],
    ['taken-back-gets-nothing', { takenBack: { version: '2', forMs: 91_000, boundMs: 90_000 } }],
    ['harm-is-braked', { harm: { version: '2', failed: 101, bound: 100 } }],
    ['no-more-than-the-stage', { candidate: { version: '2', percent: 100, allowed: 10 } }],
  ])('%s is broken alone', (name, change) => expect(breachesOf(change)).toEqual([name]));
});

describe('bounds', () => {
  it('holds stores and rollouts to them', () => {
    const [stores] = STORE_INVARIANTS;
    const full = { url: 'http://serve-1:9443', outbox: 101, observations: 0, packages: 2 };
    expect(stores?.breach(full)).toContain('101 reports');
    expect(stores?.breach({ ...full, outbox: 1 })).toBeUndefined();
    const [deadline] = DEADLINE_INVARIANTS;
    expect(deadline?.breach({ rollout: 'r', seconds: 301, bound: 300 })).toContain('301 s');
    expect(deadline?.breach({ rollout: 'r', seconds: 299, bound: 300 })).toBeUndefined();
  });
});

describe('what a job reports', () => {
  const states = [foldLedger('mnist', [...versionEvents('1'), ...championEvents('1')])];
  const ending = (outputs: Record<string, string>, rollout: string) => {
    const end: JobEnd['end'] = { kind: 'outcome', outputs, result: { rollout } };
    return { job: { at: 2, job: 'deploy-1', operation: 'deploy', startedAt: 1, end }, states };
  };
  const [invariant] = JOB_INVARIANTS;

  it('is what the ledger says', () => {
    const truth = ending({ outcome: 'promoted', 'serving-version': '1' }, 'rollout-1');
    expect(invariant?.breach(truth)).toBeUndefined();
    const untrue = ending({ outcome: 'rolled-back', 'serving-version': '1' }, 'rollout-1');
    expect(invariant?.breach(untrue)).toBe('deploy-1 said rolled-back of rollout-1, the ledger promoted');
    const other = ending({ outcome: 'none', 'serving-version': '2' }, '');
    expect(invariant?.breach(other)).toContain('said that 2 serves');
  });
});
