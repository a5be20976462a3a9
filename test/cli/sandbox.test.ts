import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { linesOf } from '../../adapters/run-command.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { createStranger } from './support/stranger.ts';

/** A checkout whose sandbox says that it is ready, and writes a file when it has ended in order. */
function createCheckout() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-checkout-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  for (const part of ['node_modules/@octokit/openapi/package.json', '.trainyard/venv/bin/act'])
    write(part, '{}');
  write('.trainyard/venv/bin/mlflow', '');
  mkdirSync(path.join(folder, 'node_modules/.bin'));
  symlinkSync(process.execPath, path.join(folder, 'node_modules/.bin/node'));
  const ended = path.join(folder, 'ended');
  const script = `
    import { writeFileSync } from 'node:fs';
    const alive = setInterval(() => undefined, 100);
    setTimeout(() => process.exit(), 20_000).unref();
    process.once('SIGTERM', () => { writeFileSync(${JSON.stringify(ended)}, ''); clearInterval(alive); });
    console.log('Ready.');`;
  write('scripts/sandbox.ts', script);
  write('package.json', '{ "type": "module" }');
  return { folder, hasEnded: () => existsSync(ended) };
}

test('refuses requirements that are not there, before anything starts', async () => {
  const { folder } = createCheckout();
  const args = ['cli/main.ts', 'sandbox', '--repo', createStranger(), '--checkout', folder];
  const asked = spawnSync(process.execPath, [...args, '--requirements', 'no-such.txt'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(asked.stderr).toMatch(/There is no .*no-such\.txt\. Name the file/);
  expect(asked.status).toBe(1);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'leaves nothing behind on %s: a terminal that is closed says no more',
  async (signal) => {
    const { folder, hasEnded } = createCheckout();
    const args = ['cli/main.ts', 'sandbox', '--repo', createStranger(), '--checkout', folder];
    const child: ChildProcess = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = await new Promise<string>((resolve) =>
      child.stdout?.once('data', (data) => resolve(String(data))),
    );
    expect(linesOf(said)).toEqual(['Ready.']);
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
    expect(hasEnded()).toBe(true);
  },
);
