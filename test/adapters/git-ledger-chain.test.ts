import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { digestLine } from '../../adapters/git/follow-chain.ts';
import { createLineKeys, type LineKeys } from '../../adapters/signing/line-keys.ts';
import { NEW_CHAIN } from '../../core/ledger/chain/chain.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { newTitlePage, TITLE_PAGE } from '../../core/ledger/head/title-page.ts';
import { readEvent } from '../../core/ledger/lines/read-event.ts';
import { formatLine } from '../../core/ledger/parse-ledger.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { ok } from '../../core/result.ts';
import { requested } from './support/ledger-events.ts';
import { useLedgerRemote } from './support/ledger-remote.ts';

const exec = promisify(execFile);
const { folder, remote, openLedger } = useLedgerRemote();
const FILE = 'events/mnist/2026-11.jsonl';

async function lines(path = FILE): Promise<readonly string[]> {
  const { stdout } = await exec('git', ['--git-dir', remote(), 'show', `${LEDGER_BRANCH}:${path}`]);
  return stdout.trimEnd().split('\n');
}

/** What each line says that it follows, and the digest of the line before it. */
function linksOf(read: readonly string[]): readonly (readonly [said: string, before: string])[] {
  return read.map((line, index) => {
    const before = index === 0 ? NEW_CHAIN.last : digestLine(read[index - 1] ?? '');
    return [JSON.parse(line).follows, before] as const;
  });
}

/** A ledger as a version without links wrote it. */
async function pushOld(...events: readonly LedgerEvent[]): Promise<void> {
  const clone = await mkdtemp(join(folder(), 'old-'));
  const git = (...args: readonly string[]) => exec('git', ['-C', clone, ...args]);
  await git('init', '--quiet', '--initial-branch', LEDGER_BRANCH);
  await mkdir(dirname(join(clone, FILE)), { recursive: true });
  await writeFile(join(clone, TITLE_PAGE), newTitlePage());
  await writeFile(join(clone, FILE), events.map((event) => formatLine(event)).join(''));
  await git('add', '.');
  await git('-c', 'user.name=old', '-c', 'user.email=old@example.com', 'commit', '--quiet', '-m', 'old');
  await git('push', '--quiet', remote(), LEDGER_BRANCH);
}

function makeKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

async function append(id: string, keys?: LineKeys): Promise<void> {
  const appended = await openLedger(keys && { keys }).append('mnist', () => ok([requested(id)]));
  if (!appended.ok) throw new Error(appended.error.message);
}

describe('the lines that are appended', () => {
  it('each follow the one before, over months, and begin with nothing', async () => {
    await openLedger().append('mnist', () => ok([requested('a'), requested('b')]));
    await openLedger().append('mnist', () => ok([requested('c', '2026-12-01T00:00:00.000Z')]));
    const all = [...(await lines()), ...(await lines('events/mnist/2026-12.jsonl'))];
    expect(all).toHaveLength(3);
    for (const [said, before] of linksOf(all)) expect(said).toBe(before);
  });

  it('follow what is there when they are pushed, however many write at once', async () => {
    await Promise.all(Array.from({ length: 6 }, (_, index) => append(`writer-${index}`)));
    const all = await lines();
    expect(all).toHaveLength(6);
    for (const [said, before] of linksOf(all)) expect(said).toBe(before);
    expect((await openLedger().read('mnist')).events).toBe(6);
  });

  it('go on after lines of before there were links and signatures', async () => {
    const { privateKey } = makeKey();
    const keys = createLineKeys({ privateKey, trusted: [] });
    await pushOld(requested('a'), requested('b'));
    await append('c');
    await append('d', keys);
    expect((await openLedger({ keys }).read('mnist')).events).toBe(4);
    expect((await lines()).map((line) => Object.keys(JSON.parse(line)).slice(9))).toEqual([
      [],
      [],
      ['follows'],
      ['follows', 'signatures'],
    ]);
  });

  it('are read by the version before as events with fields that it does not know', async () => {
    await append('a', createLineKeys({ privateKey: makeKey().privateKey, trusted: [] }));
    const [line = ''] = await lines();
    expect(readEvent(JSON.parse(line))).toMatchObject({ ok: true, value: requested('a') });
    expect(await openLedger().history('mnist')).toEqual([requested('a')]);
  });

  it('are believed after a change of keys where the old one is trusted still, and are not where it is not', async () => {
    const [old, next] = [makeKey(), makeKey()];
    await append('a', createLineKeys({ privateKey: old.privateKey, trusted: [] }));
    const forgetful = createLineKeys({ privateKey: next.privateKey, trusted: [] });
    await expect(openLedger({ keys: forgetful }).read('mnist')).rejects.toMatchObject({
      problems: [{ code: 'ledger-signature', remedy: expect.stringContaining('TRAINYARD_TRUSTED_KEYS') }],
    });
    await append('b', createLineKeys({ privateKey: next.privateKey, trusted: [old.publicKey] }));
    // The last signature was made over all lines before it: whoever trusts its key needs no older one.
    expect((await openLedger({ keys: forgetful }).read('mnist')).events).toBe(2);
  });

  it('are read where no key is known, signed or not', async () => {
    await append('a', createLineKeys({ privateKey: makeKey().privateKey, trusted: [] }));
    expect((await openLedger().read('mnist')).events).toBe(1);
  });
});
