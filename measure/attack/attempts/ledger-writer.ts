import type { Attempt } from '../attempt.ts';

/** What somebody tries who may push to the branch of the ledger; docs/security.md tells all of it, and who finds it. */
export const LEDGER_WRITER: readonly Attempt[] = [
  { id: 'L1', tries: 'appends a package without a signature', end: 'stopped', by: 'ledger-unsigned' },
  { id: 'L2', tries: 'appends a verdict without a signature', end: 'stopped', by: 'ledger-unsigned' },
  { id: 'L3', tries: 'signs with a key of its own', end: 'stopped', by: 'ledger-signature' },
  { id: 'L4', tries: 'takes the signature of another line', end: 'stopped', by: 'ledger-signature' },
  { id: 'L5', tries: 'appends an honest line once more', end: 'stopped', by: 'ledger-chain' },
  { id: 'L6', tries: 'brings lines of another model', end: 'stopped', by: 'ledger-misplaced' },
  { id: 'L7', tries: 'freezes everything', end: 'found', by: 'is not signed' },
  { id: 'L8', tries: 'takes a line out, and pushes by force', end: 'stopped', by: 'ledger-chain' },
  { id: 'L9', tries: 'cuts off the end, and pushes by force', end: 'found', by: 'ledger-lost' },
  { id: 'L10', tries: 'merges a rewritten history with the true one', end: 'stopped', by: 'ledger-merge' },
];
