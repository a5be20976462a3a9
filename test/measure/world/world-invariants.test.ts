import { describe, expect, it } from 'vitest';
import { addSeconds } from '../../../core/instant.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import { environmentOf, type LedgerState } from '../../../core/ledger/state.ts';
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
  lateHarm: undefined,
  refusedAlone: undefined,
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
    ['harm-is-braked', { harm: { version: '2', failed: 61, nats: 63 } }],
    ['harm-is-braked', { lateHarm: { version: '2', failed: 20, nats: 52 } }],
    ['refusals-are-braked', { refusedAlone: { version: '2', failed: 20, nats: 49 } }],
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
    const job = { at: 2, job: 'deploy-1', operation: 'deploy', startedAt: 1, end };
    return { job, states, raised: undefined };
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

describe('what a job that ends leaves behind', () => {
  const events = [
    ...versionEvents('1'),
    ...championEvents('1'),
    ...versionEvents('2'),
    ...championEvents('2', '1'),
  ];
  const open = foldLedger(
    'mnist',
    events.filter(({ kind, data }) => kind !== 'rollout.promoted' || data.version === '1'),
  );
  const rollout = environmentOf(open, 'production').rollout?.id ?? '';
  const promoted = foldLedger('mnist', events);
  const breachesOf = (
    operation: string,
    end: JobEnd['end'],
    states: readonly LedgerState[],
    saidAt?: string,
  ) => {
    const job = { at: 2, job: 'job-1', operation, saidAt, startedAt: 1, end };
    return JOB_INVARIANTS.filter(({ breach }) => breach({ job, states, raised: rollout }) !== undefined).map(
      ({ name }) => name,
    );
  };
  const failed = (service: string | undefined): JobEnd['end'] => ({
    ...{ kind: 'failed', message: 'It failed.', service },
  });

  it('is no candidate that a rollback found promoted', () => {
    const end: JobEnd['end'] = { kind: 'outcome', outputs: { outcome: 'promoted' }, result: { rollout } };
    expect(breachesOf('rollback', end, [open, promoted])).toEqual(['rollbacks-take-back']);
    expect(breachesOf('advance', end, [open, promoted])).toEqual([]);
    const [begun = ''] = [environmentOf(open, 'production').rollout?.startedAt];
    expect(breachesOf('rollback', end, [open, promoted], addSeconds(begun, 1))).toEqual([
      'rollbacks-take-back',
    ]);
    expect(breachesOf('rollback', end, [open, promoted], addSeconds(begun, -1))).toEqual([]);
  });

  it('is no rollout that a host kept from being taken back', () => {
    expect(breachesOf('rollback', failed('disk-full'), [open])).toEqual(['no-host-stops-a-rollback']);
    expect(breachesOf('brake', failed(undefined), [open])).toEqual([]);
    expect(breachesOf('deploy', failed('disk-full'), [open])).toEqual([]);
  });

  it('is no rollout that it raised and left for want of git', () => {
    expect(breachesOf('deploy', failed('ledger-unreachable'), [open])).toEqual(['jobs-outlast-git']);
    expect(breachesOf('deploy', failed('ledger-unreachable'), [promoted])).toEqual([]);
  });
});
