import { generateKeyPairSync } from 'node:crypto';
import { createLineKeys } from '../../adapters/signing/line-keys.ts';
import { joinSignatures, splitSignatures } from '../../core/ledger/chain/seal.ts';
import type { Ledger } from '../../core/ports.ts';
import { chainAgain, FILE, forge, judged, useAttackedLedger } from './ledger/support/ledger-writer.ts';
import { codeOf } from './support/code-of.ts';
import { play } from './support/play.ts';

const { begin, clone, keys, open, openLedger, write } = useAttackedLedger();

/** How the next job reads the ledger after somebody has pushed these lines in the place of the honest ones. */
async function readAfter(
  change: (lines: readonly string[]) => readonly string[],
  { push = [], read = open }: { readonly push?: readonly string[]; readonly read?: () => Ledger } = {},
): Promise<string> {
  const eve = await clone();
  await eve.commit(change(await eve.read()));
  await eve.push(...push);
  return codeOf(read().read('mnist'));
}

/** The same for one line that is appended behind the last. */
const append = (make: (last: string, lines: readonly string[]) => string) =>
  readAfter((lines) => [...lines, make(lines.at(-1) ?? '', lines)]);

play('L1', async () => {
  await begin();
  const other = { package: `mnist@sha256:${'e'.repeat(64)}`, artifactPath: 'p', sizeBytes: 1 };
  const built = write('package.built', { version: '2', runId: 'run-2', ...other });
  return append((last) => forge(built, last));
});

play('L2', async () => {
  await begin();
  return append((last) => forge(write('gate.judged', judged('9')), last));
});

play('L3', async () => {
  await begin();
  const own = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { sign } = createLineKeys({ privateKey: own, trusted: [] });
  return append((last) => {
    const line = forge(write('gate.judged', judged('9')), last);
    return joinSignatures(line, sign?.(line) ?? []);
  });
});

play('L4', async () => {
  await begin();
  return append((last) => {
    const line = forge(write('unfrozen', {}), last);
    return joinSignatures(line, splitSignatures(last)?.signatures ?? []);
  });
});

play('L5', async () => {
  await begin();
  return append((_last, [first = '']) => first);
});

play('L6', async () => {
  await begin();
  const eve = await clone();
  await eve.commitFile(FILE.replace('mnist', 'faces'), `${(await eve.read()).join('\n')}\n`);
  await eve.push();
  return codeOf(open().read('faces'));
});

play('L7', async () => {
  await begin();
  const said: string[] = [];
  const ledger = openLedger({ keys, onWarning: (warning) => said.push(warning) });
  const frozen = write('frozen', { reason: 'holidays' });
  await readAfter((lines) => [...lines, forge(frozen, lines.at(-1) ?? '')], { read: () => ledger });
  return /is not signed/.exec(said.join())?.[0] ?? 'unnamed';
});

play('L8', async () => {
  await begin('no-keys');
  const push = ['--force'];
  return readAfter((lines) => lines.toSpliced(3, 1), { push, read: () => open('no-keys') });
});

play('L9', async () => {
  // It remembers, as later jobs of a run and hosts do.
  const remembers = await begin();
  return readAfter((lines) => lines.slice(0, -2), { push: ['--force'], read: () => remembers });
});

play('L10', async () => {
  await begin();
  const eve = await clone();
  await eve.commitMerged(chainAgain((await eve.read()).toSpliced(4, 1), true));
  await eve.push();
  return codeOf(open().read('mnist'));
});
