import { describe, expect, test } from 'vitest';
import type { Scalar } from '../../../../core/config/config.ts';
import type { SearchSummary } from '../../../../core/ledger/search/search-summary.ts';
import type { Study } from '../../../../core/ledger/search/study.ts';
import type { LedgerState } from '../../../../core/ledger/state.ts';
import {
  believeStudy,
  failsProduction,
  findSearch,
  listSearches,
} from '../../../../core/plan/training/find-search.ts';
import { planResumption } from '../../../../core/plan/training/plan-resumption.ts';
import { fold, searchSummary, startScribe } from '../../ledger/ledger-support.ts';
import { config as base } from '../plan-support.ts';

const config = {
  ...base,
  project: { ...base.project, parameters: { epochs: 3, lr: 0.001, augment: true, name: 'plain', share: 1 } },
  ...(base.search && { search: { ...base.search, parameters: { share: 0.7 } } }),
};

function summary(id: string, parameters: Record<string, Scalar>): SearchSummary {
  const best = { trial: 1, runId: 'trial', value: 0.9, parameters };
  return searchSummary({ runId: `run-${id}`, study: `mnist/${id}`, best });
}

/** Two searches that are over, one after the other, and one that is not. */
function ledger(): LedgerState {
  const write = startScribe();
  const ask = (id: string, parameters: Record<string, Scalar>) =>
    write('training.requested', { operation: 'tune', sha: `${id}-sha`, parameters }, id);
  return fold([
    ask('t1', {}),
    write('search.finished', summary('t1', { lr: 0.01 }), 't1'),
    ask('t2', { trials: 50, epochs: 9, share: 0.9 }),
    write('search.finished', summary('t2', { lr: 0.02 }), 't2'),
    ask('t3', {}),
  ]);
}

describe('the searches that parameters may come from', () => {
  test('are those that are over, newest first', () => {
    expect(listSearches(ledger())).toEqual([
      { summary: summary('t2', { lr: 0.02 }), sha: 't2-sha', given: { trials: 50, epochs: 9, share: 0.9 } },
      { summary: summary('t1', { lr: 0.01 }), sha: 't1-sha', given: {} },
    ]);
  });

  test.each([
    ['the values that it found', { lr: 0.01 }, 'mnist/t1'],
    ['those, and what all its trials were given', { lr: 0.02, epochs: 9 }, 'mnist/t2'],
    ['those, without what its trials were given', { lr: 0.02 }, undefined],
    ['others', { lr: 0.03 }, undefined],
    ['the same as a text', { lr: '0.01' }, undefined],
  ])('are known by %s', (_, changed, study) => {
    const found = findSearch(listSearches(ledger()), { ...config.project.parameters, ...changed }, config);
    expect(found?.summary.study).toBe(study);
  });
});

describe('what a job says of its search', () => {
  const study: Study = { study: 'mnist/t1', runId: 'run-t1', trial: 1, data: 'superset' };
  const asked = { operation: 'train', correlationId: 'c' } as const;

  test('is believed where the ledger knows it, or it was made in the same chain', () => {
    expect(believeStudy(study, asked, ledger())).toBe(study);
    expect(believeStudy({ ...study, runId: 'planted' }, asked, ledger())).toBeUndefined();
    const own = { ...study, study: 'mnist/t9', runId: 'run-t9' };
    expect(believeStudy(own, { operation: 'tune', correlationId: 't9' }, ledger())).toBe(own);
    expect(believeStudy(own, { operation: 'train', correlationId: 't9' }, ledger())).toBeUndefined();
  });

  test.each([
    ['a training', {}, undefined, false],
    ['production on all of it', { production: true }, study, false],
    ['production after its own search', { next: 'production' }, { ...study, data: 'same' }, false],
    ['production on other data', { production: true }, { ...study, data: 'other' }, true],
    ['production on who knows what', { production: true }, { ...study, data: 'unknown' }, true],
    ['production without a search', { next: 'production' }, undefined, true],
  ] as const)('is held against what was asked for: %s', (_, wish, said, fails) => {
    expect(failsProduction({ ...asked, ...wish }, said)).toBe(fails);
  });
});

test('a production run that was lost goes on as one', () => {
  const write = startScribe();
  const data = { operation: 'train', sha: 'abc', parameters: {}, production: true } as const;
  const state = fold([write('training.requested', data, 'c1')]);
  const planned = planResumption({ resume: 'c1', round: 1 }, { state, attempt: 1, runId: '9' });
  expect(planned).toMatchObject({ kind: 'operation', production: true, round: 1 });
});
