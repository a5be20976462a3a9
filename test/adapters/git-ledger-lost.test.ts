import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../adapters/run-command.ts';
import { headOf } from '../../core/ledger/head/ledger-head.ts';
import { TITLE_PAGE } from '../../core/ledger/head/title-page.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import type { RunCommand } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { requested } from './support/ledger-events.ts';
import { useLedgerRemote } from './support/ledger-remote.ts';

const exec = promisify(execFile);
const { folder, remote, openLedger } = useLedgerRemote();
const LOST = { problems: [{ code: 'ledger-lost' }] };

function onRemote(...args: readonly string[]) {
  return exec('git', ['--git-dir', remote(), ...args]);
}

/** Begins the branch anew with one file, as a person would by hand. */
async function beginAnew(file: string, text: string): Promise<void> {
  const clone = await mkdtemp(join(folder(), 'new-'));
  const git = (...args: string[]) => exec('git', ['-C', clone, ...args]);
  await exec('git', ['init', '--quiet', '--initial-branch', LEDGER_BRANCH, clone]);
  await writeFile(join(clone, file), text);
  await git('add', '--all');
  await git('-c', 'user.name=ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '-m', 'new');
  await git('push', '--quiet', '--force', remote(), LEDGER_BRANCH);
}

async function write(...ids: readonly string[]) {
  const appended = await openLedger().append('mnist', () => ok(ids.map((id) => requested(id))));
  if (!appended.ok) throw new Error(appended.error.message);
  return appended.value.state;
}

describe('a ledger that is lost', () => {
  it('is not taken for a new one by the job that has read or written it', async () => {
    const reader = openLedger();
    const writer = openLedger();
    await writer.append('mnist', () => ok([requested('a')]));
    await reader.read('mnist');
    await onRemote('branch', '-D', LEDGER_BRANCH);
    await expect(reader.read('mnist')).rejects.toMatchObject(LOST);
    const refused = await writer.append('mnist', () => ok([requested('b')]));
    expect(refused).toMatchObject({ ok: false, error: { code: 'ledger-lost' } });
    await expect(onRemote('rev-parse', '--verify', LEDGER_BRANCH)).rejects.toThrow();
  });

  it('is not made anew by a push that was on its way while it was deleted', async () => {
    await write('a');
    let pushes = 0;
    const run: RunCommand = async (call) => {
      if (call.args.includes('push')) {
        pushes += 1;
        if (pushes === 1) await onRemote('branch', '-D', LEDGER_BRANCH);
      }
      return runCommand(call);
    };
    const refused = await openLedger({ run }).append('mnist', () => ok([requested('b')]));
    expect(refused).toMatchObject({ ok: false, error: { code: 'ledger-lost' } });
    expect(pushes).toBe(1);
    await expect(onRemote('rev-parse', '--verify', LEDGER_BRANCH)).rejects.toThrow();
  });

  it('is not taken for a new one by a later job of the run, until it is put back', async () => {
    const head = headOf(await write('a', 'b'));
    expect(head).toMatchObject({ events: 2, last: 'b/training.requested' });
    await onRemote('branch', '-D', LEDGER_BRANCH);
    const later = () => openLedger(head === undefined ? {} : { seen: head }).read('mnist');
    await expect(later()).rejects.toMatchObject(LOST);
    await onRemote('update-ref', `refs/heads/${LEDGER_BRANCH}`, head?.commit ?? '');
    expect((await later()).events).toBe(2);
  });

  it('is told from one that was set back, and from one that goes another way', async () => {
    const first = headOf(await write('a'));
    const ledger = openLedger();
    await write('b');
    await ledger.read('mnist');
    await onRemote('update-ref', `refs/heads/${LEDGER_BRANCH}`, first?.commit ?? '');
    await expect(ledger.read('mnist')).rejects.toMatchObject(LOST);
    await write('c', 'd');
    await expect(ledger.read('mnist')).rejects.toMatchObject(LOST);
  });

  it('is begun anew by a title page that names it, and by no other', async () => {
    const head = headOf(await write('a'));
    const seen = head === undefined ? {} : { seen: head };
    await beginAnew(TITLE_PAGE, JSON.stringify({ ledger: 1 }));
    await expect(openLedger(seen).read('mnist')).rejects.toMatchObject(LOST);
    await beginAnew(TITLE_PAGE, JSON.stringify({ ledger: 1, replaces: [head?.commit] }));
    const ledger = openLedger(seen);
    expect((await ledger.append('mnist', () => ok([requested('b')]))).ok).toBe(true);
    expect((await openLedger(seen).read('mnist')).events).toBe(1);
  });
});

describe('a branch of that name that is no ledger', () => {
  it.each([
    ['README.md', 'My own work.'],
    [TITLE_PAGE, '{"books": 3}'],
  ])('is neither read nor written to: its only file is %s', async (file, text) => {
    await beginAnew(file, text);
    const before = await onRemote('rev-parse', LEDGER_BRANCH);
    const refused = await openLedger().append('mnist', () => ok([requested('a')]));
    expect(refused).toMatchObject({ ok: false, error: { code: 'no-ledger' } });
    await expect(openLedger().read('mnist')).rejects.toMatchObject({ problems: [{ code: 'no-ledger' }] });
    expect(await onRemote('rev-parse', LEDGER_BRANCH)).toEqual(before);
  });
});
