import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach } from 'vitest';
import { systemClock } from '../../../adapters/clock.ts';
import { createGitLedger } from '../../../adapters/git/ledger.ts';
import type { GitLedgerOptions } from '../../../adapters/git/open-ledger.ts';
import type { Ledger } from '../../../core/ports.ts';

export const author = { name: 'trainyard', email: 'trainyard@example.com' };

/** A clock by which all that these tests write has come. */
const clock = { ...systemClock, now: () => '2027-06-01T00:00:00.000Z' };

/** A folder and an empty bare repository in it, both new for each test of the file that calls this. */
export function useLedgerRemote() {
  let folder = '';
  let made = 0;
  const remote = () => join(folder, 'remote.git');
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ledger-'));
    await promisify(execFile)('git', ['init', '--quiet', '--bare', remote()]);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  return {
    folder: () => folder,
    remote,
    /** A ledger over the remote, with a working folder of its own. */
    openLedger: (options: Partial<GitLedgerOptions> = {}): Ledger => {
      made += 1;
      const dir = join(folder, `work-${made}`);
      return createGitLedger({ remote: remote(), clock, author, dir, ...options });
    },
  };
}
