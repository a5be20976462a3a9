import { describe, expect, it } from 'vitest';
import { admitEvents } from '../../../core/ledger/admit-events.ts';
import type { LedgerEventData } from '../../../core/ledger/event.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import { fixHoldout } from '../../../core/ledger/holdout/fix-holdout.ts';
import { emptyLedger, type LedgerState } from '../../../core/ledger/state.ts';
import { DIGEST, startScribe } from './ledger-support.ts';

const OTHER = `sha256:${'cd'.repeat(32)}`;
const declared: LedgerEventData<'holdout.fixed'> = {
  sha: 'a'.repeat(40),
  digest: DIGEST,
  path: 'data/holdout.csv',
  target: 'label',
  id: 'id',
  slices: ['region'],
  metrics: { profit: 'metrics.py:profit' },
  seen: 10,
};
const LATER = { sha: 'b'.repeat(40), seen: 20 };
const fixed: LedgerState = {
  ...emptyLedger('mnist'),
  holdout: { ...declared, at: '2026-11-01T00:00:00.000Z' },
};

const decide = (changed: Partial<typeof declared>, isOfCommit = true, state = fixed) => {
  const decision = fixHoldout(state, { declared: { ...declared, ...changed }, isOfCommit });
  return decision.kind === 'refused' ? decision.problem.code : decision.kind;
};

describe('the holdout that a gate may judge on', () => {
  it('is fixed by its first use, with the commit that names it', () => {
    const decision = fixHoldout(emptyLedger('mnist'), { declared, isOfCommit: false });
    expect(decision).toEqual({ kind: 'fixed', data: declared });
  });

  it('stays the same at any commit, wherever the file lies', () => {
    expect(decide({ ...LATER, path: '/mnt/holdout.csv' })).toBe('known');
    expect(decide({ sha: 'c'.repeat(40), seen: 3 })).toBe('known');
  });

  it.each<[string, Partial<typeof declared>]>([
    ['path and file', { path: 'data/new.csv', digest: OTHER }],
    ['target', { target: 'truth' }],
    ['slices', { slices: [] }],
    ['inputs', { inputs: ['income'] }],
    ['metrics', { metrics: { profit: 'easy.py:profit' } }],
    ['digest', { digest: OTHER, pinned: OTHER }],
  ])('changes with a later commit of the default branch that says so: %s', (_what, changed) => {
    expect(decide({ ...changed, ...LATER }, false)).toBe('fixed');
    expect(decide(changed, false)).toBe('holdout-changed');
  });

  it('changes with a file of the commit, and not with one from elsewhere that nobody has named', () => {
    expect(decide({ digest: OTHER, ...LATER })).toBe('fixed');
    expect(decide({ digest: OTHER, ...LATER }, false)).toBe('holdout-changed');
    expect(decide({ digest: OTHER })).toBe('holdout-changed');
  });

  it.each<[string, Partial<typeof declared>]>([
    ['target', { target: 'truth' }],
    ['slices', { slices: [] }],
    ['inputs', { inputs: ['income'] }],
    ['metrics', { metrics: {} }],
  ])('from elsewhere is not exchanged by an edit of its description alone: %s', (_what, changed) => {
    expect(decide({ ...changed, ...LATER, digest: OTHER }, false)).toBe('holdout-changed');
    expect(decide({ ...changed, ...LATER, digest: OTHER })).toBe('fixed');
  });

  it('from elsewhere is not exchanged by taking its digest out of the file', () => {
    const pinned: LedgerState = {
      ...fixed,
      holdout: { ...declared, pinned: DIGEST, at: '2026-11-01T00:00:00.000Z' },
    };
    expect(decide({ ...LATER, digest: OTHER }, false, pinned)).toBe('holdout-changed');
    expect(decide({ ...LATER, digest: OTHER, pinned: OTHER }, false, pinned)).toBe('fixed');
    expect(decide(LATER, false, pinned)).toBe('fixed');
  });

  it('is not what an older commit says that was planned before', () => {
    expect(decide({ target: 'truth', sha: 'c'.repeat(40), seen: 9 })).toBe('holdout-superseded');
  });
});

describe('the ledger', () => {
  const write = startScribe();
  const first = write('holdout.fixed', declared);
  const judged = (verdict: 'pass' | 'fail', holdoutDigest: string) =>
    write('gate.judged', { runId: 'r', verdict, headline: '', holdoutDigest, evidenceDigest: DIGEST });
  const admit = (...events: Parameters<typeof admitEvents>[1]) => {
    const admitted = admitEvents(foldLedger('mnist', [first]), events);
    return admitted.ok ? 'admitted' : admitted.error.message;
  };

  it('lets nothing pass on another holdout than the fixed one', () => {
    expect(admit(judged('pass', DIGEST))).toBe('admitted');
    expect(admit(judged('fail', OTHER))).toBe('admitted');
    expect(admit(judged('pass', OTHER))).toMatch(/is not the one that is fixed/);
  });

  it('takes no holdout of an older commit', () => {
    expect(admit(write('holdout.fixed', { ...declared, ...LATER }))).toBe('admitted');
    expect(admit(write('holdout.fixed', { ...declared, sha: 'c'.repeat(40), seen: 9 }))).toMatch(
      /a later holdout/,
    );
  });
});
