import { expect, test } from 'vitest';
import { createEvent } from '../../../../core/ledger/create-event.ts';
import { foldLedger } from '../../../../core/ledger/fold.ts';
import { findTraining } from '../../../../core/plan/chain/find-training.ts';
import type { PlannedOperation } from '../../../../core/plan/hand-over.ts';
import { contextOf, DIGEST, searchSummary } from '../../ledger/ledger-support.ts';

const SHA = 'a'.repeat(40);
const NONCE = 'n'.repeat(64);
const MODEL = {
  ...{ runId: 'run-1', modelUri: 'models:/m-1', modelDigest: DIGEST, dataDigest: DIGEST },
  box: 'namespaces' as const,
};

/** The ledger after a training was asked for, and had ended so. */
function ledgerAfter(ended?: { readonly status: 'finished' | 'failed' }) {
  const context = contextOf('comment-1');
  const asked = { operation: 'train' as const, sha: SHA, parameters: {}, nonce: NONCE };
  return foldLedger('mnist', [
    createEvent(context, 'training.requested', asked),
    ...(ended === undefined ? [] : [createEvent(context, 'training.finished', { ...MODEL, ...ended })]),
  ]);
}

function operation(change: Partial<PlannedOperation> = {}): PlannedOperation {
  return {
    ...({ kind: 'operation', operation: 'train', sha: SHA, parameters: {}, dryRun: false } as const),
    ...{ correlationId: 'comment-1', cause: { kind: 'comment', id: 'comment-1' }, actor: 'ann' },
    ...change,
  };
}

test('a training that is done hands on its model', () => {
  const found = findTraining(ledgerAfter({ status: 'finished' }), operation());
  expect(found).toEqual({ nonce: NONCE, trained: MODEL });
});

test.each([
  ['has not ended', ledgerAfter()],
  ['has failed', ledgerAfter({ status: 'failed' })],
])('one that %s hands on its nonce alone', (_, state) => {
  expect(findTraining(state, operation())).toEqual({ nonce: NONCE });
});

test('a training is told of the searches that its parameters may come from', () => {
  const summary = searchSummary();
  const context = contextOf('comment-0');
  const state = foldLedger('mnist', [
    createEvent(context, 'training.requested', { operation: 'tune', sha: SHA, parameters: {} }),
    createEvent(context, 'search.finished', summary),
  ]);
  expect(findTraining(state, operation())).toEqual({ searches: [{ summary, sha: SHA, given: {} }] });
  expect(findTraining(state, operation({ operation: 'tune' }))).toEqual({});
});

test.each([
  ['of another commit', operation({ sha: 'b'.repeat(40) })],
  ['of another cause', operation({ correlationId: 'comment-2' })],
  ['that is none', operation({ operation: 'deploy' })],
])('nothing is known of a training %s', (_, asked) => {
  expect(findTraining(ledgerAfter({ status: 'finished' }), asked)).toEqual({});
});
