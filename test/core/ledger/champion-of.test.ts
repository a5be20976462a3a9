import { expect, test } from 'vitest';
import { championOf } from '../../../core/ledger/champion-of.ts';
import { emptyLedger, type LedgerState, type VersionState } from '../../../core/ledger/state.ts';

const AT = '2026-11-21T12:00:00.000Z';
const version: VersionState = {
  version: '7',
  runId: 'run-7',
  modelUri: 'models:/m-7',
  modelDigest: 'sha256:7',
  registeredAt: AT,
};
const serving = (champion: string) => ({
  champion: { version: champion, package: 'p', at: AT },
  history: [],
});
const state: LedgerState = {
  ...emptyLedger('mnist'),
  versions: { '7': version },
  environments: { production: serving('7'), lost: serving('6'), staging: { history: [] } },
};

test('the champion is the version that serves the environment, with all that the ledger knows of it', () => {
  expect(championOf(state, 'production')).toBe(version);
});

test.each([
  ['nothing was ever promoted', 'staging'],
  ['nothing ever happened', 'constructor'],
  ['the ledger does not know the version', 'lost'],
  ['no environment is named', undefined],
])('there is none where %s', (_why, environment) => {
  expect(championOf(state, environment)).toBeUndefined();
});
