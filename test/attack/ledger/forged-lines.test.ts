import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLineKeys } from '../../../adapters/signing/line-keys.ts';
import { joinSignatures, splitSignatures } from '../../../core/ledger/chain/seal.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { promotionOf } from '../../core/ledger/ledger-support.ts';
import { append, FILE, forge, judged, useAttackedLedger } from './support/ledger-writer.ts';

const attacked = useAttackedLedger();
const { begin, clone, keys, open, openLedger, write } = attacked;
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

function thawed(): LedgerEvent {
  return write('unfrozen', {});
}

describe('a line that a holder of contents: write appends by hand to a signed ledger', () => {
  it('is named when it is not signed: a package of its own for the version that serves', async () => {
    const other = `mnist@sha256:${'e'.repeat(64)}`;
    const built = write('package.built', {
      ...{ version: '2', package: other, runId: 'run-2', artifactPath: 'p', sizeBytes: 1 },
    });
    expect(await readAfter((last) => forge(built, last))).toMatchObject([
      { code: 'ledger-unsigned', where: PLACE, remedy: expect.stringContaining('git push origin +') },
    ]);
  });

  it('is named when it is not signed: a verdict', async () => {
    const passed = write('gate.judged', judged('9'));
    expect(await readAfter((last) => forge(passed, last))).toMatchObject([{ code: 'ledger-unsigned' }]);
  });

  it('is named when it does not say what it follows, as lines of old versions', async () => {
    expect(await readAfter(() => JSON.stringify(thawed()))).toMatchObject([
      { code: 'ledger-chain', where: PLACE },
    ]);
  });

  it('is named when it is signed by a key of its own', async () => {
    const own = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { sign } = createLineKeys({ privateKey: own, trusted: [] });
    const made = await readAfter((last) => {
      const line = forge(thawed(), last);
      return joinSignatures(line, sign?.(line) ?? []);
    });
    expect(made).toMatchObject([{ code: 'ledger-signature', where: PLACE }]);
  });

  it('is named when it carries the signature of an honest line', async () => {
    const made = await readAfter((last) =>
      joinSignatures(forge(thawed(), last), splitSignatures(last)?.signatures ?? []),
    );
    expect(made).toMatchObject([{ code: 'ledger-signature', where: PLACE }]);
  });

  it('is named when it is signed, and of another model', async () => {
    await begin();
    const eve = await clone();
    const copy = FILE.replace('mnist', 'faces');
    await eve.commitFile(copy, `${(await eve.read()).join('\n')}\n`);
    await eve.push();
    const refused = await open()
      .read('faces')
      .catch((thrown) => Object(thrown).problems);
    expect(refused).toHaveLength(attacked.honest.length);
    expect(refused[0]).toMatchObject({
      ...{ code: 'ledger-misplaced', where: { file: `trainyard:${copy}`, line: 1 } },
    });
    expect((await open().read('mnist')).events).toBe(attacked.honest.length);
  });

  it('is named when it is an honest one once more', async () => {
    expect(await readAfter((_last, [first = '']) => first)).toMatchObject([{ code: 'ledger-chain' }]);
  });

  it('is refused before anything is written behind it', async () => {
    await begin();
    const eve = await clone();
    const lines = await eve.read();
    await eve.commit([...lines, forge(thawed(), lines.at(-1) ?? '')]);
    await eve.push();
    const promoted = write('rollout.promoted', promotionOf('2'));
    await expect(append(open(), promoted)).rejects.toThrow('ledger-unsigned');
    expect(await (await clone()).read()).toHaveLength(lines.length + 1);
  });

  it('is believed, and named to every job, when all it does is take back or stop', async () => {
    await begin();
    const eve = await clone();
    const frozen = write('frozen', { reason: 'holidays' });
    const lines = await eve.read();
    await eve.commit([...lines, forge(frozen, lines.at(-1) ?? '')]);
    await eve.push();
    const said: string[] = [];
    const ledger = openLedger({ keys, onWarning: (warning) => said.push(warning) });
    expect((await ledger.read('mnist')).frozen).toMatchObject({ reason: 'holidays' });
    await ledger.read('mnist');
    expect(said).toEqual([
      expect.stringContaining(`trainyard:${FILE}:${PLACE.line} ("${frozen.id}") is not signed`),
    ]);
  });
});

describe('a job without the key, in a signed ledger', () => {
  it('takes back, and writes nothing else', async () => {
    await begin();
    await append(open('no-keys'), write('frozen', { reason: 'harm' }));
    await expect(append(open('no-keys'), thawed())).rejects.toThrow('ledger-key-missing');
    expect((await open().read('mnist')).frozen).toMatchObject({ reason: 'harm' });
  });

  it('is told what is wrong with the key it has, and takes back with that too', async () => {
    await begin();
    const damaged = createLineKeys({ privateKey: 'secret', trusted: ['no key either'] });
    const ledger = openLedger({ keys: damaged });
    await append(ledger, write('frozen', { reason: 'harm' }));
    await expect(append(ledger, thawed())).rejects.toThrow("The signing key can't be read");
    expect(damaged.flaws.map(({ code }) => code)).toEqual(['signing-key-invalid', 'trusted-key-invalid']);
  });
});
