import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { digestLine } from '../../../../adapters/git/follow-chain.ts';
import { createLineKeys } from '../../../../adapters/signing/line-keys.ts';
import type { LedgerEvent, LedgerEventData } from '../../../../core/ledger/event.ts';
import { formatLine } from '../../../../core/ledger/parse-ledger.ts';
import { LEDGER_BRANCH } from '../../../../core/names.ts';
import type { Ledger } from '../../../../core/ports.ts';
import { ok } from '../../../../core/result.ts';
import { useLedgerRemote } from '../../../adapters/support/ledger-remote.ts';
import { promotionOf, startOf, startScribe, writeVersion } from '../../../core/ledger/ledger-support.ts';

const exec = promisify(execFile);
const AUDIT = fileURLToPath(new URL('../../../../scripts/audit.ts', import.meta.url));
export const FILE = 'events/mnist/2026-11.jsonl';

/** What the holder of a token with `contents: write` can do by hand in a clone of the ledger. */
export type Clone = {
  readonly git: (...args: readonly string[]) => Promise<string>;
  readonly read: () => Promise<readonly string[]>;
  /** Writes lines, one after the other, and commits them. */
  readonly commit: (lines: readonly string[]) => Promise<void>;
  /** Commits lines as a history of their own that is merged with the true one: pushing them is a fast-forward. */
  readonly commitMerged: (lines: readonly string[]) => Promise<void>;
  readonly commitFile: (path: string, text: string) => Promise<void>;
  readonly push: (...options: readonly string[]) => Promise<void>;
};

/** A ledger with two versions, of which the second serves; what an attacker and those who look for him can do with it. */
export function useAttackedLedger() {
  const pair = generateKeyPairSync('ed25519');
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const remote = useLedgerRemote();
  const keys = createLineKeys({ privateKey, trusted: [] });
  const write = startScribe();
  const honest = [
    ...writeVersion(write, '1'),
    write('rollout.started', startOf('1')),
    write('rollout.promoted', promotionOf('1')),
    write('gate.judged', { ...judged('2'), champion: '1' }),
    ...writeVersion(write, '2').slice(1),
    write('rollout.started', startOf('2', '1')),
    write('rollout.promoted', { ...promotionOf('2'), previous: '1' }),
  ];
  const open = (signing: 'signing' | 'no-keys' = 'signing'): Ledger =>
    remote.openLedger(signing === 'signing' ? { keys } : {});
  return {
    ...remote,
    ...{ write, honest, open, keys, privateKey, publicKey },
    /** The honest history, appended by jobs that sign or do not. */
    begin: async (signing?: 'signing' | 'no-keys'): Promise<Ledger> => {
      const ledger = open(signing);
      await append(ledger, ...honest);
      return ledger;
    },
    clone: async (): Promise<Clone> => cloneOf(remote.remote(), await mkdtemp(join(remote.folder(), 'eve-'))),
    /** Runs the audit as a person does; `trust` gives it the public key. */
    audit: async (trust: 'trust' | 'no-keys', ...args: readonly string[]) => {
      const keyFile = join(remote.folder(), 'key.pem');
      await writeFile(keyFile, publicKey);
      const keyed = trust === 'trust' ? ['--key', keyFile] : [];
      return audit('--repository', remote.remote(), ...keyed, ...args);
    },
  };
}

/** Appends events, and rejects where that is refused. */
export async function append(ledger: Ledger, ...events: readonly LedgerEvent[]): Promise<void> {
  const appended = await ledger.append('mnist', () => ok(events));
  if (!appended.ok) throw new Error(`${appended.error.code}: ${appended.error.message}`);
}

/** A line that names the one before it, as anyone can write it who has no key. */
export function forge(event: LedgerEvent, before: string): string {
  return formatLine({ ...event, follows: digestLine(before) }).trimEnd();
}

/** Lines with their links made anew from the first that was changed: all a forger can do without the key. */
export function chainAgain(lines: readonly string[], isUnsigned = false): readonly string[] {
  const made: string[] = [];
  for (const line of lines) {
    const { follows: _follows, signatures, ...event } = JSON.parse(line);
    const before = made.at(-1) ?? '';
    const link = { ...event, follows: digestLine(before) };
    made.push(JSON.stringify(isUnsigned || signatures === undefined ? link : { ...link, signatures }));
  }
  return made;
}

/** A verdict that lets a version through. */
export function judged(version: string): LedgerEventData<'gate.judged'> {
  const digest = `sha256:${'ab'.repeat(32)}`;
  return {
    ...{ runId: `run-${version}`, verdict: 'pass', headline: 'Better: 98 % against 97 %.' },
    ...{ holdoutDigest: digest, evidenceDigest: digest },
  };
}

async function cloneOf(remote: string, folder: string): Promise<Clone> {
  const identity = ['-c', 'user.name=eve', '-c', 'user.email=eve@example.com'];
  const git = async (...args: readonly string[]) =>
    (await exec('git', ['-C', folder, ...identity, ...args])).stdout.trim();
  await exec('git', ['clone', '--quiet', '--branch', LEDGER_BRANCH, remote, folder]);
  const commitFile = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
    await git('add', '--all');
    await git('commit', '--quiet', '-m', 'nothing to see');
  };
  const commit = (lines: readonly string[]) => commitFile(FILE, `${lines.join('\n')}\n`);
  return {
    ...{ git, commit, commitFile },
    read: async () => (await readFile(join(folder, FILE), 'utf8')).trimEnd().split('\n'),
    commitMerged: async (lines) => {
      const old = await git('rev-parse', 'HEAD');
      await git('checkout', '--quiet', '--orphan', 'rewritten');
      await commit(lines);
      await git('merge', '--quiet', '--strategy=ours', '--allow-unrelated-histories', '-m', 'sync', old);
    },
    push: async (...options) => {
      await git('push', '--quiet', ...options, 'origin', `HEAD:${LEDGER_BRANCH}`);
    },
  };
}

async function audit(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  try {
    return { code: 0, output: (await exec(process.execPath, [AUDIT, ...args])).stdout };
  } catch (thrown) {
    const { code, stdout, stderr } = Object(thrown);
    return { code: Number(code), output: `${stdout}${stderr}` };
  }
}
