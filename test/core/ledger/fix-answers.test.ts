import { describe, expect, it } from 'vitest';
import { admitEvents } from '../../../core/ledger/admit-events.ts';
import { fixAnswers } from '../../../core/ledger/answers/fix-answers.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import { emptyLedger } from '../../../core/ledger/state.ts';
import { startScribe } from './ledger-support.ts';

type PresentAnswers = Parameters<typeof fixAnswers>[1];
const present: PresentAnswers = {
  sha: 'a'.repeat(40),
  seen: 10,
  declared: { task: 'binary' },
  contract: { task: 'binary', classes: ['no', 'yes'], positive: 'yes' },
};
const LATER = { sha: 'b'.repeat(40), seen: 20 };
const data = { sha: present.sha, seen: 10, contract: present.contract, declared: ['task' as const] };
const write = startScribe();
const first = write('answers.fixed', data);
const fixed = foldLedger('mnist', [first]);
const decide = (changed: Partial<PresentAnswers>) => {
  const decision = fixAnswers(fixed, { ...present, ...changed });
  return decision.kind === 'refused' ? decision.problem.code : decision.kind;
};

describe('what models of a name answer', () => {
  it('is fixed by the first, with what was stated and what was concluded', () => {
    expect(fixAnswers(emptyLedger('mnist'), present)).toEqual({ kind: 'fixed', data });
  });

  it('stays the same at any commit, whatever more is stated of it', () => {
    expect(decide(LATER)).toBe('known');
    expect(decide({ ...LATER, declared: { task: 'binary', positive: 'yes' } })).toBe('known');
  });

  it('changes with a later commit of the default branch that states what changes', () => {
    const contract = { ...present.contract, positive: 'no' };
    expect(decide({ ...LATER, contract, declared: { positive: 'no' } })).toBe('fixed');
    expect(decide({ contract, declared: { positive: 'no' } })).toBe('answers-changed');
    expect(decide({ ...LATER, contract })).toBe('answers-changed');
  });

  it('does not change because another model happens to answer otherwise', () => {
    expect(decide({ ...LATER, contract: { ...present.contract, classes: ['maybe', 'no', 'yes'] } })).toBe(
      'answers-changed',
    );
  });

  it('is not what an older commit says that was planned before', () => {
    const contract = { ...present.contract, positive: 'no' };
    expect(decide({ sha: 'c'.repeat(40), seen: 9, contract, declared: { positive: 'no' } })).toBe(
      'answers-superseded',
    );
    const admitted = admitEvents(fixed, [write('answers.fixed', { ...data, sha: 'c'.repeat(40), seen: 9 })]);
    expect(admitted.ok ? 'admitted' : admitted.error.message).toMatch(/has fixed later what models answer/);
  });
});
