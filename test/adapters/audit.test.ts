import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createGitLedger } from '../../adapters/git/ledger.ts';
import { signStatement } from '../../adapters/signing/attestation.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { buildStatement, type Statement } from '../../core/ledger/statement.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { ok } from '../../core/result.ts';
import {
  contextOf,
  fold,
  minute,
  packageOf,
  startOf,
  startScribe,
  writeVersion,
} from '../core/ledger/ledger-support.ts';

const exec = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../scripts/audit.ts', import.meta.url));
const FILE = 'events/mnist/2026-11.jsonl';

let folder: string;
let remote: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audit-'));
  remote = join(folder, 'remote.git');
  await exec('git', ['init', '--quiet', '--bare', remote]);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function append(...events: readonly LedgerEvent[]): Promise<void> {
  const author = { name: 'a', email: 'a@example.com' };
  const ledger = createGitLedger({ remote, clock: systemClock, author, dir: join(folder, 'work') });
  const appended = await ledger.append('mnist', () => ok(events));
  if (!appended.ok) throw new Error(appended.error.message);
}

/** Rewrites the ledger's file the way nobody should. */
async function tamper(change: (text: string) => string): Promise<void> {
  const clone = await mkdtemp(join(folder, 'clone-'));
  await exec('git', ['clone', '--quiet', '--branch', LEDGER_BRANCH, remote, clone]);
  const file = join(clone, FILE);
  await writeFile(file, change(await readFile(file, 'utf8')));
  const identity = ['-c', 'user.name=eve', '-c', 'user.email=eve@example.com'];
  await exec('git', ['-C', clone, ...identity, 'commit', '--quiet', '--all', '-m', 'nothing to see']);
  await exec('git', ['-C', clone, 'push', '--quiet']);
}

async function audit(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  const call = exec(process.execPath, [SCRIPT, '--repository', remote, ...args]);
  try {
    return { code: 0, output: (await call).stdout };
  } catch (thrown) {
    const { code, stdout } = Object(thrown);
    return { code: Number(code), output: String(stdout) };
  }
}

describe('the audit of a ledger', () => {
  it('finds nothing in one that was only written to by its rules', async () => {
    const write = startScribe();
    await append(...writeVersion(write, '8'));
    await append(write('rollout.started', startOf('8')));
    const { code, output } = await audit();
    expect(code).toBe(0);
    expect(output.split('\n')).toEqual([
      expect.stringMatching(`^The ledger of ${remote}, at [0-9a-f]{40}\\.$`),
      'mnist: 4 events, 4 of 4 lines in the chain, 0 signed, 0 findings',
      'Signatures were not looked at: name the public key with --key.',
      'The ledger keeps its rules.',
      '',
    ]);
  });

  it('has nothing to say of a repository without a ledger', async () => {
    expect(await audit()).toMatchObject({ code: 0, output: expect.stringContaining('has no ledger yet') });
  });

  it('finds the commit that rewrote a verdict, though every line still reads', async () => {
    const write = startScribe();
    await append(...writeVersion(write, '8', 'pass').slice(0, 1));
    await append(write('frozen', { reason: 'audit' }));
    await tamper((text) => text.replace('"verdict":"pass"', '"verdict":"fail"'));
    const { code, output } = await audit();
    expect(code).toBe(1);
    expect(output).toMatch(
      /error: history \([0-9a-f]{40}\): events\/mnist\/2026-11\.jsonl: Lines were changed/,
    );
  });

  it('finds an event that was smuggled in past the rules, and a lock nobody released', async () => {
    const write = startScribe();
    const lock = { lock: 'deploy', holder: 'r1', expiresAt: '2026-11-02T00:00:00Z' } as const;
    await append(write('lock.acquired', lock));
    const smuggled = write('rollout.started', startOf('9'));
    await tamper((text) => `${text}${JSON.stringify(smuggled)}\n`);
    const { code, output } = await audit();
    expect(code).toBe(1);
    expect(output).toContain('version 9 has not passed the gate');
    expect(output).toContain('warning: expired-lock');
  });

  it('wants every promotion signed by a key it is given', async () => {
    const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const keyFile = join(folder, 'key.pem');
    await writeFile(keyFile, publicKeyOf(key));
    const write = startScribe();
    const events = writeVersion(write, '8');
    await append(...events, startWith(signFor(events, '8', key)));
    expect(await audit('--key', keyFile)).toMatchObject({ code: 0 });
    await tamper((text) => text.replace(/,"envelope":\{.*?\}\]\}/, ''));
    expect((await audit('--key', keyFile)).output).toContain('Version 8 has no signed statement');
  });

  it('warns of what an earlier version signed for no environment, and believes it', async () => {
    const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const keyFile = join(folder, 'key.pem');
    await writeFile(keyFile, publicKeyOf(key));
    const write = startScribe();
    const events = writeVersion(write, '8');
    const ofThen = signFor(events, '8', key, ({ predicate, ...statement }) => {
      const { environment: _, replaces: __, ...earlier } = predicate;
      return { ...statement, predicate: earlier };
    });
    await append(...events, startWith(ofThen));
    const { code, output } = await audit('--key', keyFile);
    expect(output).toMatch(
      /warning: signed-for-none \(.*\): The statement on version 8 names no environment/,
    );
    expect(output).not.toContain('error: ');
    expect(code).toBe(0);
  });
});

/** `change` is what an earlier version would have signed in its place. */
function signFor(
  events: readonly LedgerEvent[],
  version: string,
  key: string,
  change = (statement: Statement) => statement,
): Envelope {
  const state = fold(events);
  const known = state.versions[version];
  const { environment } = startOf(version);
  const signing = {
    package: packageOf(version),
    environment,
    workflow: contextOf('x').workflow,
    at: minute(9),
  };
  const statement = known && buildStatement(state, known, signing);
  if (statement === undefined) throw new Error('no statement');
  return signStatement(change(statement), key);
}

function startWith(envelope: Envelope): LedgerEvent {
  return createEvent(contextOf('s', minute(20)), 'rollout.started', { ...startOf('8'), envelope });
}

function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}
