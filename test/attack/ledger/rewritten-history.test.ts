import { describe, expect, it } from 'vitest';
import { chainAgain, useAttackedLedger } from './support/ledger-writer.ts';

const { begin, clone, open } = useAttackedLedger();

/** Other words in the same events: ids, kinds and order stay. */
function rewrite(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace('"actor":"ada"', '"actor":"mallory"').replace('98 %', '99 %'));
}

async function problemsOf(read: Promise<unknown>): Promise<unknown> {
  return read.then(
    () => 'believed',
    (thrown) => Object(thrown).problems,
  );
}

describe('a history that a holder of contents: write has rewritten', () => {
  it('is named where actors and headlines were changed in place, also where no key is known', async () => {
    await begin('no-keys');
    const eve = await clone();
    await eve.commit(rewrite(await eve.read()));
    await eve.push();
    expect(await problemsOf(open('no-keys').read('mnist'))).toMatchObject([
      { code: 'ledger-chain', message: expect.stringContaining('follows another'), where: { line: 2 } },
    ]);
  });

  it('is named where its links were made anew, by the signatures', async () => {
    await begin();
    const eve = await clone();
    await eve.commit(chainAgain(rewrite(await eve.read())));
    await eve.push('--force');
    expect(await problemsOf(open().read('mnist'))).toMatchObject([{ code: 'ledger-signature' }]);
  });

  it('is named where the signatures were taken off too, by whoever remembers how it went', async () => {
    const ledger = await begin();
    const eve = await clone();
    await eve.commit(chainAgain(rewrite(await eve.read()), true));
    await eve.push('--force');
    expect(await problemsOf(ledger.read('mnist'))).toMatchObject([{ code: 'ledger-lost' }]);
  });

  it('is named where lines were cut off its end', async () => {
    const ledger = await begin();
    const eve = await clone();
    await eve.commit((await eve.read()).slice(0, -2));
    await eve.push('--force');
    expect(await problemsOf(ledger.read('mnist'))).toMatchObject([{ code: 'ledger-lost' }]);
  });

  it('is named where a line was taken out of its middle', async () => {
    await begin('no-keys');
    const eve = await clone();
    await eve.commit((await eve.read()).toSpliced(3, 1));
    await eve.push('--force');
    expect(await problemsOf(open('no-keys').read('mnist'))).toMatchObject([{ code: 'ledger-chain' }]);
  });

  it('is named where it was merged with the true one, which is pushed fast-forward', async () => {
    await begin();
    const eve = await clone();
    await eve.commitMerged(chainAgain(rewrite(await eve.read()), true));
    await eve.push();
    expect(await problemsOf(open().read('mnist'))).toMatchObject([
      { code: 'ledger-merge', remedy: expect.stringContaining('git push origin +') },
    ]);
  });
});
