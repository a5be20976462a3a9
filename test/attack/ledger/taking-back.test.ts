import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLineKeys, type LineKeys } from '../../../adapters/signing/line-keys.ts';
import { joinSignatures } from '../../../core/ledger/chain/seal.ts';
import { isLost } from '../../../core/ledger/head/ledger-head.ts';
import { ok } from '../../../core/result.ts';
import { forge, useAttackedLedger } from './support/ledger-writer.ts';

const { begin, clone, keys, honest, open, openLedger, publicKey, write } = useAttackedLedger();
const frozen = () => write('frozen', { reason: 'It answers nonsense.' });
const returned = () =>
  write('rollout.rolled-back', {
    ...{ environment: 'production', rollout: 'back', version: '2', stable: '1' },
    ...{ code: 'requested', explanation: 'ada asked for it.' },
  });

/** The honest ledger with a change by hand on top of it, and what a job that takes back was told of it. */
async function damaged(change: (lines: readonly string[]) => readonly string[]) {
  await begin();
  const eve = await clone();
  await eve.commit(change(await eve.read()));
  await eve.push();
  return takingBack();
}

function takingBack(known: LineKeys = keys) {
  const warnings: string[] = [];
  const onWarning = (text: string) => warnings.push(text);
  const ledger = openLedger({ keys: known, purpose: 'take-back', onWarning });
  return { ledger, warnings };
}

function otherKeys(trusted: readonly string[] = []): LineKeys {
  const pair = generateKeyPairSync('ed25519');
  return createLineKeys({
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    trusted,
  });
}

async function written(): Promise<readonly string[]> {
  return (await clone()).read();
}

describe('what takes back, on a ledger that nobody else believes', () => {
  it.each<[string, (lines: readonly string[]) => readonly string[]]>([
    ['holds a line that is none', (lines) => [...lines, 'oops']],
    ['holds a damaged line in its middle', (lines) => lines.with(2, '{"v":1}')],
    ['lost a line', (lines) => lines.toSpliced(3, 1)],
    ['holds a line by nobody', (lines) => [...lines, forge(write('unfrozen', {}), lines.at(-1) ?? '')]],
  ])('goes by the newest commit that can be, where it %s', async (_, change) => {
    const { ledger, warnings } = await damaged(change);
    const before = await written();
    const state = await ledger.read('mnist');
    expect(state.events).toBe(honest.length);
    expect(state.environments['production']?.champion?.version).toBe('2');
    const freeze = frozen();
    const appended = await ledger.append('mnist', () => ok([freeze]));
    expect(appended).toMatchObject({ ok: true, value: { written: [freeze] } });
    expect(await written()).toEqual(before);
    expect((await ledger.read('mnist')).frozen?.reason).toBe('It answers nonsense.');
    expect(warnings).toMatchObject([
      expect.stringContaining(state.origin?.commit ?? '?'),
      expect.stringContaining('is not on record'),
    ]);
    await expect(open().read('mnist')).rejects.toThrow();
  });

  it('does not take an earlier commit for a ledger that lost what others remember', async () => {
    const { ledger } = await damaged((lines) => [...lines, 'oops']);
    const head = { commit: 'later', events: honest.length + 5, last: 'later' };
    expect(isLost(await ledger.read('mnist'), head)).toBe(false);
    expect(isLost(await ledger.read('mnist'), { ...head, events: 2 })).toBe(true);
  });

  it('writes nothing else meanwhile', async () => {
    const { ledger } = await damaged((lines) => [...lines, 'oops']);
    const appended = await ledger.append('mnist', () => ok([write('unfrozen', {})]));
    expect(appended).toMatchObject({ ok: false, error: { code: 'ledger-line' } });
  });

  it('goes by what was signed with its key, where the end was signed with another', async () => {
    const { sign } = otherKeys();
    const { ledger } = await damaged((lines) => {
      const line = forge(write('unfrozen', {}), lines.at(-1) ?? '');
      return [...lines, joinSignatures(line, sign?.(line) ?? [])];
    });
    expect((await ledger.read('mnist')).events).toBe(honest.length);
  });

  it.each<[string, () => LineKeys]>([
    ['a new key, and the one before is not trusted', otherKeys],
    ['a damaged key, and trusts an older one only', () => ({ ...otherKeys(), sign: undefined, flaws: [] })],
  ])('is written without a signature where the job has %s', async (_, known) => {
    await begin();
    const { ledger, warnings } = takingBack(known());
    const [freeze, back] = [frozen(), returned()];
    expect(await ledger.append('mnist', () => ok([freeze, back]))).toMatchObject({ ok: true });
    const after = await written();
    expect(after.slice(honest.length).map((line) => JSON.parse(line).id)).toEqual([freeze.id, back.id]);
    expect(after.slice(honest.length).join('\n')).not.toContain('signatures');
    expect(warnings).toMatchObject([expect.stringContaining('TRAINYARD_TRUSTED_KEYS')]);
    const state = await openLedger({ keys: otherKeys([publicKey]) }).read('mnist');
    expect(state.environments['production']?.champion?.version).toBe('1');
  });

  it('is signed and recorded as ever, where nothing is wrong', async () => {
    await begin();
    const { ledger, warnings } = takingBack();
    expect(await ledger.append('mnist', () => ok([frozen()]))).toMatchObject({ ok: true });
    expect((await written()).at(-1)).toContain('signatures');
    expect(warnings).toEqual([]);
  });
});
