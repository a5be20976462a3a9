import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../adapters/run-command.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { formatLine } from '../../core/ledger/parse-ledger.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import type { RunCommand } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { contextOf, requested } from './support/ledger-events.ts';
import { useLedgerRemote } from './support/ledger-remote.ts';

const exec = promisify(execFile);
const { folder, remote, openLedger } = useLedgerRemote();
const NOVEMBER = 'events/mnist/2026-11.jsonl';
const DECEMBER = 'events/mnist/2026-12.jsonl';

/** The head is asked for by the name of its branch. */
function isOfHead({ input }: Parameters<RunCommand>[0]): boolean {
  return String(input).startsWith('refs/');
}

/** Runs git, and keeps what was asked of it: the files that were read, by their hashes. */
function watchReads() {
  const reads: string[][] = [];
  const run: RunCommand = (call) => {
    if (call.args.includes('cat-file') && !isOfHead(call)) reads.push(String(call.input).trim().split('\n'));
    return runCommand(call);
  };
  return { run, reads };
}

/** Puts files on the ledger branch the way a person would; `undefined` removes one. */
async function push(files: Readonly<Record<string, string | undefined>>): Promise<void> {
  const clone = await mkdtemp(join(folder(), 'clone-'));
  const git = (...args: string[]) => exec('git', ['-C', clone, ...args]);
  await exec('git', ['clone', '--quiet', '--branch', LEDGER_BRANCH, remote(), clone]);
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) await rm(join(clone, path));
    else {
      await mkdir(join(clone, path, '..'), { recursive: true });
      await writeFile(join(clone, path), text);
    }
  }
  await git('add', '--all');
  await git('-c', 'user.name=ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '-m', 'edit');
  await git('push', '--quiet', 'origin', LEDGER_BRANCH);
}

describe('a ledger that was read before', () => {
  it('is not read again while its head is the same', async () => {
    await openLedger().append('mnist', () => ok([requested('a')]));
    const { run, reads } = watchReads();
    const ledger = openLedger({ run });
    const first = await ledger.read('mnist');
    const before = reads.length;
    expect(await ledger.read('mnist')).toBe(first);
    expect(reads).toHaveLength(before);
  });

  it('is read from where it has grown, in its last file and in new ones', async () => {
    await openLedger().append('mnist', () => ok([requested('a')]));
    const { run, reads } = watchReads();
    const ledger = openLedger({ run });
    const first = await ledger.read('mnist');
    await openLedger().append('mnist', () => ok([requested('b')]));
    await openLedger().append('mnist', () => ok([requested('c', '2026-12-01T00:00:00Z')]));
    await ledger.read('mnist');
    await openLedger().append('mnist', () => ok([requested('d', '2026-12-02T00:00:00Z')]));
    const last = await ledger.read('mnist');
    expect(Object.keys(last.trainings)).toEqual(['a', 'b', 'c', 'd']);
    expect(Object.keys(first.trainings)).toEqual(['a']);
    expect(reads.at(-1)).toHaveLength(1);
  });

  it('is the same as one that is read for the first time, whatever was done to its files', async () => {
    const ledger = openLedger();
    // Lines of before they named each other.
    await ledger.append('other', () => ok([createEvent(contextOf('o', undefined, 'other'), 'unfrozen', {})]));
    const lines = ['a', 'b'].map((id) => formatLine(requested(id)));
    const more = formatLine(requested('c'));
    for (const files of [
      { [NOVEMBER]: lines.join('') },
      { [NOVEMBER]: lines.join('').trimEnd() },
      { [NOVEMBER]: `${lines.join('')}\n\n` },
      { [NOVEMBER]: undefined, [DECEMBER]: `${lines.join('')}${more}` },
    ]) {
      await push(files);
      expect(await ledger.read('mnist')).toEqual(await openLedger().read('mnist'));
    }
    expect((await ledger.read('mnist')).events).toBe(3);
  });

  it('names a new line that is no event by its place in the whole file', async () => {
    const ledger = openLedger();
    await ledger.append('mnist', () => ok([requested('a')]));
    await ledger.read('mnist');
    await push({ [NOVEMBER]: `${formatLine(requested('a'))}${formatLine(requested('b'))}{"v":1,\n` });
    await expect(ledger.read('mnist')).rejects.toMatchObject({
      problems: [{ code: 'ledger-line', where: { file: `trainyard:${NOVEMBER}`, line: 3 } }],
    });
  });

  it('names once what only a newer version knows, keeps it and writes behind it', async () => {
    await openLedger().append('mnist', () => ok([requested('a')]));
    const paused = JSON.stringify({ ...requested('b'), kind: 'rollout.paused', data: { until: 'noon' } });
    await push({ [NOVEMBER]: `${formatLine(requested('a'))}${paused}\n` });
    const said: string[] = [];
    const ledger = openLedger({ onWarning: (message) => said.push(message) });
    await ledger.read('mnist');
    await ledger.append('mnist', () => ok([requested('c')]));
    expect((await ledger.read('mnist')).events).toBe(3);
    expect(said).toEqual([expect.stringContaining('rollout.paused (1)')]);
    const { stdout } = await exec('git', ['--git-dir', remote(), 'show', `${LEDGER_BRANCH}:${NOVEMBER}`]);
    expect(stdout.split('\n')[1]).toBe(paused);
  });

  it('is an error, and not a shorter one, when git has lost one of its files', async () => {
    await openLedger().append('mnist', () => ok([requested('a')]));
    const run: RunCommand = async (call) => {
      const end = await runCommand(call);
      // The title page is read alone, before the events.
      if (isOfHead(call) || !call.args.includes('cat-file') || Buffer.from(end.stdout).includes('"replaces"'))
        return end;
      return { ...end, stdout: Buffer.from(`${String(call.input).trim()} missing\n`) };
    };
    await expect(openLedger({ run }).read('mnist')).rejects.toThrow(/2026-11\.jsonl: [0-9a-f]+ missing/);
  });
});
