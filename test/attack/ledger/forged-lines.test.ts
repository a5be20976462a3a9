import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLineKeys } from '../../../adapters/signing/line-keys.ts';
import { joinSignatures, splitSignatures } from '../../../core/ledger/chain/seal.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { promotionOf } from '../../core/ledger/ledger-support.ts';
import { append, FILE, forge, useAttackedLedger } from './support/ledger-writer.ts';

const attacked = useAttackedLedger();
const { begin, clone, open, write } = attacked;
const PLACE = { kind: 'file', file: `trainyard:${FILE}`, line: attacked.honest.length + 1 };

/** Appends a line by hand, with or without a link to the last one, and gives what the next job that knows the key says of it. */
async function readAfter(make: (last: string, lines: readonly string[]) => string): Promise<unknown> {
  await begin();
  const eve = await clone();
  const lines = await eve.read();
  await eve.commit([...lines, make(lines.at(-1) ?? '', lines)]);
  await eve.push();
  return open()
    .read('mnist')
    .then(
      () => 'believed',
      (thrown) => Object(thrown).problems,
    );
}

function rolledBack(): LedgerEvent {
  return write('rollout.rolled-back', {
    ...{ rollout: 'r2', environment: 'production', version: '2', stable: '1' },
    ...{ code: 'requested', explanation: 'Trust me.' },
  });
}

describe('a line that a holder of contents: write appends by hand to a signed ledger', () => {
  it('is named when it is not signed: a rollback', async () => {
    expect(await readAfter((last) => forge(rolledBack(), last))).toMatchObject([
      { code: 'ledger-unsigned', where: PLACE, remedy: expect.stringContaining('git push origin +') },
    ]);
  });

  it('is named when it is not signed: a freeze by somebody who exists', async () => {
    const frozen = write('frozen', { reason: 'holidays' });
    expect(await readAfter((last) => forge(frozen, last))).toMatchObject([{ code: 'ledger-unsigned' }]);
  });

  it('is named when it does not say what it follows, as lines of old versions', async () => {
    expect(await readAfter(() => JSON.stringify(rolledBack()))).toMatchObject([
      { code: 'ledger-chain', where: PLACE },
    ]);
  });

  it('is named when it is signed by a key of its own', async () => {
    const own = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { sign } = createLineKeys({ privateKey: own, trusted: [] });
    const made = await readAfter((last) => {
      const line = forge(rolledBack(), last);
      return joinSignatures(line, sign?.(line) ?? []);
    });
    expect(made).toMatchObject([{ code: 'ledger-signature', where: PLACE }]);
  });

  it('is named when it carries the signature of an honest line', async () => {
    const made = await readAfter((last) =>
      joinSignatures(forge(rolledBack(), last), splitSignatures(last)?.signatures ?? []),
    );
    expect(made).toMatchObject([{ code: 'ledger-signature', where: PLACE }]);
  });

  it('is named when it is an honest one once more', async () => {
    expect(await readAfter((_last, [first = '']) => first)).toMatchObject([{ code: 'ledger-chain' }]);
  });

  it('is refused before anything is written behind it', async () => {
    await begin();
    const eve = await clone();
    const lines = await eve.read();
    await eve.commit([...lines, forge(rolledBack(), lines.at(-1) ?? '')]);
    await eve.push();
    const promoted = write('rollout.promoted', promotionOf('2'));
    await expect(append(open(), promoted)).rejects.toThrow('ledger-unsigned');
    expect(await (await clone()).read()).toHaveLength(lines.length + 1);
  });
});
