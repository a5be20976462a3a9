import { expect, test } from 'vitest';
import { describeHeld, findCheckout, listFiles } from '../../adapters/git/describe-checkout.ts';
import type { RunCommand } from '../../core/ports.ts';

/** A git that ends each command so. */
const gitThat =
  (code: number | undefined, stderr: string): RunCommand =>
  async () => ({
    code,
    ended: code === undefined ? 'timed-out' : 'exited',
    stdout: new Uint8Array(),
    stderr,
  });

test('tells a folder in no repository from one that git refuses to look at', async () => {
  const none = gitThat(128, 'fatal: not a git repository (or any of the parent directories): .git\n');
  expect(await findCheckout('/data', none)).toBeUndefined();
  const refused = gitThat(128, "fatal: detected dubious ownership in repository at '/data'\n");
  await expect(findCheckout('/data', refused)).rejects.toThrow('detected dubious ownership');
});

test('takes a git that does not answer for no empty checkout', async () => {
  await expect(listFiles('/data', gitThat(undefined, ''))).rejects.toThrow('within its time limit');
  const damaged = gitThat(128, 'fatal: index file corrupt\n');
  await expect(listFiles('/data', damaged)).rejects.toThrow('index file corrupt');
  await expect(describeHeld('/data', 'holdout.csv', damaged)).rejects.toThrow('index file corrupt');
});
