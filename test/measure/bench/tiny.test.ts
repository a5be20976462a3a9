import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { NPM_BIN, ROOT } from '../../../sandbox/checkout.ts';

const run = promisify(execFile);

/** Runs one benchmark as its command does, at its smallest; gives what it printed. */
async function bench(name: string): Promise<string> {
  const args = ['--disable-warning=ExperimentalWarning', join('scripts', 'bench.ts'), '--tiny', name];
  return (await run(join(NPM_BIN, 'node'), args, { cwd: ROOT })).stdout;
}

// Those that serve a model or play the chain take minutes even so; what they ask the runtime is read in `runtime-arguments.test.ts`.
it.each([
  [
    'drift',
    /2 hosts x 40 daily windows.*: 40 batches\n.*time +\d+\.\d\d s.*\n.*memory +\d+ MB.*\n.*growth x\d/,
  ],
  ['gate', /200 rows.*\n +judgeGate +\d+\.\d\d s.*\n +scipy\.stats\.bootstrap +\d+\.\d\d s\n +ratio +\d/],
  ['ledger', /events +firstRead(.*\n +\d+( +\d\.\d\d \+ \d\.\d\d){5} +\d+){3}\n +growth x\d/],
  [
    'monitor',
    /3 hosts x 20 days x 5 features, 22 batches.*\ncheck +\d+\.\d s.*\n +\d\.\d times.*\nmemory +\d+ MB.*\nread of a host +0\.\d\d MB.*\nanswers others within +\d+ ms/,
  ],
  [
    'protocols',
    /ResNet-18, npy +p50, p99, processor: ( *\d+\.\d\d){3} ms; \d+\.\d\d × the model \(goal 1\.25: \w+\), -?\d+\.\d\d ms more; 602240 bytes/,
  ],
])('npm run bench -- %s gives its figures', { timeout: 300_000 }, async (name, figures) => {
  expect(await bench(name)).toMatch(figures);
});

it('takes no name that is none', async () => {
  await expect(bench('ledgers')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("no benchmark is called 'ledgers'"),
  });
});
