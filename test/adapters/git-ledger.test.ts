import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { digestLine } from '../../adapters/git/follow-chain.ts';
import { UserError } from '../../core/errors.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { formatLine } from '../../core/ledger/parse-ledger.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { err, ok } from '../../core/result.ts';
import { contextOf, requested } from './support/ledger-events.ts';
import { useLedgerRemote } from './support/ledger-remote.ts';

const exec = promisify(execFile);
const { folder, remote, openLedger } = useLedgerRemote();

async function remoteLines(path = 'events/mnist/2026-11.jsonl'): Promise<readonly string[]> {
  const { stdout } = await exec('git', ['--git-dir', remote(), 'show', `${LEDGER_BRANCH}:${path}`]);
  return stdout.trimEnd().split('\n');
}

/** Puts a file on the ledger branch the way a person would. */
async function pushFile(path: string, text: string): Promise<void> {
  const clone = await mkdtemp(join(folder(), 'clone-'));
  await exec('git', ['clone', '--quiet', '--branch', LEDGER_BRANCH, remote(), clone]);
  await commitFile(clone, path, text);
  await exec('git', ['-C', clone, 'push', '--quiet', 'origin', LEDGER_BRANCH]);
}

async function commitFile(clone: string, path: string, text: string): Promise<void> {
  await writeFile(join(clone, path), text);
  await exec('git', ['-C', clone, 'add', '.']);
  const identity = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com'];
  await exec('git', ['-C', clone, ...identity, 'commit', '--quiet', '-m', 'edit']);
}

describe('the git ledger', () => {
  it('starts its own branch and reads back what it wrote', async () => {
    const ledger = openLedger();
    expect((await ledger.read('mnist')).events).toBe(0);
    const first = await ledger.append('mnist', () => ok([requested('a')]));
    expect(first).toMatchObject({ ok: true, value: { written: [{ id: 'a/training.requested' }] } });
    const state = await openLedger().read('mnist');
    expect(Object.keys(state.trainings)).toEqual(['a']);
    const { stdout } = await exec('git', [
      '--git-dir',
      remote(),
      'ls-tree',
      '-r',
      '--name-only',
      LEDGER_BRANCH,
    ]);
    expect(stdout.trim().split('\n')).toEqual(['events/mnist/2026-11.jsonl', 'ledger.json']);
  });

  it('writes an event once, however often it is proposed', async () => {
    const ledger = openLedger();
    await ledger.append('mnist', () => ok([requested('a')]));
    const again = await ledger.append('mnist', () => ok([requested('a'), requested('a')]));
    expect(again).toMatchObject({ ok: true, value: { written: [] } });
    expect(await remoteLines()).toHaveLength(1);
  });

  it('asks the proposal on the state that is really written to, and hands its refusal back', async () => {
    await openLedger().append('mnist', () => ok([requested('a')]));
    const problem = { code: 'no', message: 'No.', remedy: 'None.' };
    const refused = await openLedger().append('mnist', (state) =>
      state.ids.size === 1 ? err(problem) : ok([]),
    );
    expect(refused).toEqual(err(problem));
  });

  it('keeps models apart and other files of the branch', async () => {
    const ledger = openLedger();
    await ledger.append('mnist', () => ok([requested('a')]));
    await pushFile('README.md', 'Do not edit.');
    const other = createEvent(contextOf('b', undefined, 'fraud'), 'frozen', { reason: 'audit' });
    await ledger.append('fraud', () => ok([other]));
    expect((await ledger.read('mnist')).events).toBe(1);
    expect((await ledger.read('fraud')).frozen?.reason).toBe('audit');
    expect(await remoteLines('README.md')).toEqual(['Do not edit.']);
  });

  it('keeps the order of appending when a clock runs behind across the turn of a month', async () => {
    const ledger = openLedger();
    await ledger.append('mnist', () => ok([requested('a', '2026-12-01T00:00:01Z')]));
    await ledger.append('mnist', () => ok([requested('b', '2026-11-30T23:59:59Z')]));
    expect(await remoteLines('events/mnist/2026-12.jsonl')).toHaveLength(2);
    expect(Object.keys((await ledger.read('mnist')).trainings)).toEqual(['a', 'b']);
  });

  it.each([2, 8])(
    'loses and doubles nothing with %i writers at once',
    { timeout: 180_000 },
    async (writers) => {
      const ids = Array.from({ length: writers }, (_, index) => `w${index}`);
      await Promise.all(
        ids.map(async (id) => {
          const ledger = openLedger();
          for (const step of [1, 2, 3]) await ledger.append('mnist', () => ok([requested(`${id}-${step}`)]));
        }),
      );
      const found = (await remoteLines()).map((line) => JSON.parse(line).id);
      const expected = ids.flatMap((id) => [1, 2, 3].map((step) => `${id}-${step}/training.requested`));
      expect(found.toSorted()).toEqual(expected.toSorted());
    },
  );

  it('lets one of many take a lock', async () => {
    const outcomes = await Promise.all(
      ['a', 'b', 'c', 'd'].map((holder) =>
        openLedger().append('mnist', (state) => {
          if (Object.keys(state.locks).length > 0) return err({ code: 'locked', message: '', remedy: '' });
          return ok([
            createEvent(contextOf(holder), 'lock.acquired', {
              lock: 'deploy',
              holder,
              expiresAt: '2026-11-21T10:00:00Z',
            }),
          ]);
        }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    expect(await remoteLines()).toHaveLength(1);
  });

  it('refuses to write behind a line it cannot read, and names the line', async () => {
    const ledger = openLedger();
    await ledger.append('mnist', () => ok([requested('a')]));
    await pushFile('events/mnist/2026-11.jsonl', `${JSON.stringify(requested('a'))}\n{"v":1,\n`);
    const refused = await ledger.append('mnist', () => ok([requested('b')]));
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'ledger-line', where: { file: 'trainyard:events/mnist/2026-11.jsonl', line: 2 } },
    });
    await expect(ledger.read('mnist')).rejects.toBeInstanceOf(UserError);
    expect(await remoteLines()).toHaveLength(2);
  });

  it('repairs a missing last newline instead of joining two events', async () => {
    const ledger = openLedger();
    await ledger.append('mnist', () => ok([requested('a')]));
    await pushFile('events/mnist/2026-11.jsonl', (await remoteLines()).join('\n'));
    await ledger.append('mnist', () => ok([requested('b')]));
    expect(await remoteLines()).toHaveLength(2);
  });

  it('decides again when another writer wins between its fetch and its push', async () => {
    const ledger = openLedger();
    await ledger.append('mnist', () => ok([requested('a')]));
    const clone = await mkdtemp(join(folder(), 'rival-'));
    await exec('git', ['clone', '--quiet', '--branch', LEDGER_BRANCH, remote(), clone]);
    const [first = ''] = await remoteLines();
    const next = formatLine({ ...requested('rival'), follows: digestLine(first) });
    await commitFile(clone, 'events/mnist/2026-11.jsonl', `${first}\n${next}`);
    const seen: number[] = [];
    const outcome = await ledger.append('mnist', (state) => {
      seen.push(state.events);
      if (seen.length === 1) execFileSync('git', ['-C', clone, 'push', '--quiet', 'origin', LEDGER_BRANCH]);
      return ok([requested('late')]);
    });
    expect(outcome.ok).toBe(true);
    expect(seen).toEqual([1, 2]);
    expect(await remoteLines()).toHaveLength(3);
  });
});
