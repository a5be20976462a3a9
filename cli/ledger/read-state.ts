import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { findRemote } from '../../adapters/git/credentials.ts';
import { createGitLedger } from '../../adapters/git/ledger.ts';
import { createLineKeys } from '../../adapters/signing/line-keys.ts';
import { readPublicKeys } from '../../adapters/signing/read-public-keys.ts';
import { formatProblem, UserError } from '../../core/errors.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { TRUSTED_KEYS_VARIABLE } from '../../core/names.ts';
import type { Surroundings } from '../surroundings.ts';

/** Who would write, if anything were written. */
const NOBODY = { name: 'trainyard', email: 'trainyard@localhost' };

/** The ledger of a model as it is at the checkout's origin now. Git signs in as it does for the user. */
export async function readState({ cwd, env, print }: Surroundings, model: string): Promise<LedgerState> {
  const remote = await findRemote(cwd);
  if (remote === undefined) {
    const remedy = 'Run it in a clone of the repository: the ledger is a branch of its origin.';
    throw new UserError([{ code: 'no-origin', message: `${cwd} has no origin.`, remedy }]);
  }
  const dir = await mkdtemp(path.join(tmpdir(), 'trainyard-ledger-'));
  const keys = createLineKeys({
    privateKey: undefined,
    trusted: readPublicKeys(env[TRUSTED_KEYS_VARIABLE] ?? ''),
  });
  for (const flaw of keys.flaws) print.trouble(formatProblem(flaw));
  const token = env['GITHUB_TOKEN'] ?? '';
  try {
    const ledger = createGitLedger({
      ...{ remote, checkout: cwd, dir, clock: systemClock, author: NOBODY, keys, onWarning: print.trouble },
      ...(token !== '' && { token }),
    });
    return await ledger.read(model);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
