import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp, listen } from '../../agent/api/server.ts';
import { COMMANDS } from '../../cli/commands.ts';
import { readCommand } from '../../cli/read-command.ts';
import type { Terminal } from '../../cli/surroundings.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { setScene } from './page/scenes.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

let folder: string;
const opened: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
});
afterEach(() => {
  for (const close of opened.splice(0).reverse()) close();
  rmSync(folder, { recursive: true, force: true });
});

type Running = { readonly url: string; readonly host: FakeHost; readonly stop: () => void };

async function start(name: string): Promise<Running> {
  const host = openFakeHost({ listen: '127.0.0.1:0', 'host-name': name });
  // Streams look at the world in real time here.
  Object.assign(host.context.clock, {
    wait: (milliseconds: number, signal?: AbortSignal) => wait(Math.min(milliseconds, 50), signal),
  });
  const agent = createAgent(host.context);
  const server: Server = await listen(createApp(agent), agent);
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  opened.push(host.close, stop);
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, host, stop };
}

function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise.finally(() => clearTimeout(timer));
}

function top(args: readonly string[], terminal?: Terminal) {
  const lines: string[] = [];
  const print = {
    line: (text: string) => void lines.push(text),
    trouble: () => undefined,
    annotate: () => undefined,
  };
  const asked = readCommand(['top', ...args], COMMANDS);
  if (asked.kind !== 'run') throw new Error('It asks for help.');
  const env = { TRAINYARD_AGENT_TOKEN: TOKENS.reader };
  return { lines, end: asked.command.run(asked.given, { root: ROOT, cwd: folder, env, print, terminal }) };
}

const configure = (hosts: readonly string[]) =>
  writeFileSync(
    join(folder, 'trainyard.yml'),
    `version: 1\nmodel: mnist\nenvironments: { production: { hosts: ${JSON.stringify(hosts)} } }\n`,
  );

test('a pipe gets one table of all hosts of the configuration, and a silent one is told as silent', async () => {
  const [one, two, gone] = [await start('serve-1'), await start('serve-2'), await start('serve-3')];
  await setScene(one.host, 'canary');
  gone.stop();
  configure([one.url, two.url, gone.url]);
  const { lines, end } = top([]);
  expect(await end).toBe(1);
  const said = lines.join('\n');
  expect(lines[0]).toMatch(/ {2}2 of 3 hosts answer$/);
  expect(said).toMatch(/^HOST +MODEL +VERSION +SHARE +STAGE/m);
  expect(said).toMatch(/^serve-1 +mnist +v\d+ stable +\d+%/m);
  expect(said).toMatch(/^serve-1 +mnist +v\d+ candidate +\d+% +\d\/\d running .*% of limit$/m);
  expect(said).toMatch(/^serve-2 +serves nothing yet$/m);
  expect(said).toMatch(new RegExp(`^! ${gone.url} is silent since \\S+Z, .* ago: .*ECONNREFUSED`, 'm'));
});

test('scripts get one object, and 0 where all answer', async () => {
  const one = await start('serve-1');
  await setScene(one.host, 'canary');
  const { lines, end } = top(['--host', one.url, '--json']);
  expect(await end).toBe(0);
  const { hosts } = JSON.parse(lines.join(''));
  expect(hosts).toMatchObject([{ host: 'serve-1', state: 'live', url: one.url }]);
  const [stable, candidate] = hosts[0].rows;
  expect(stable.percent + candidate.percent).toBe(100);
  expect(candidate).toMatchObject({ model: 'mnist', arm: 'candidate', stage: { control: 'running' } });
  expect(candidate.evidenceOfLimit).toBeLessThan(1);
});

test('a terminal is drawn anew as a host falls silent and is there again, until q', async () => {
  const one = await start('serve-1');
  await setScene(one.host, 'canary');
  const drawn: string[] = [];
  let press = (_key: string) => {};
  let isReleased = false;
  const terminal: Terminal = {
    columns: () => 60,
    show: (lines) => void drawn.push(lines.join('\n')),
    onKey: (listener) => {
      press = listener;
      return () => {
        isReleased = true;
      };
    },
  };
  const { end } = top(['--host', one.url], terminal);
  const until = async (pattern: RegExp) => {
    await expect.poll(() => drawn.at(-1) ?? '', { timeout: 20_000 }).toMatch(pattern);
  };
  await until(/1 of 1 hosts answer[\s\S]*serve-1 +mnist/);
  expect(
    drawn
      .at(-1)
      ?.split('\n')
      .every((line) => line.length <= 60),
  ).toBe(true);
  one.stop();
  await until(/0 of 1 hosts answer[\s\S]*serve-1 \(silent\)[\s\S]*serve-1 is silent since/);
  press('x');
  press('q');
  expect(await end).toBe(0);
  expect(isReleased).toBe(true);
});

test('a token that is refused, one that is lacking and hosts that are none are said', async () => {
  const one = await start('serve-1');
  writeFileSync(join(folder, 'token'), 'staging=another-token-0123456789\n');
  const lacking = top(['--host', one.url, '--token-file', 'token']).end;
  await expect(lacking).rejects.toThrow(/There is no token for/);
  writeFileSync(join(folder, 'token'), 'another-token-0123456789\n');
  const refused = top(['--host', one.url, '--token-file', 'token', '--json']);
  expect(await refused.end).toBe(1);
  expect(JSON.parse(refused.lines.join('')).hosts[0]).toMatchObject({
    state: 'silent',
    why: expect.stringMatching(/known token/),
  });
  await expect(top(['--host', 'serve-1']).end).rejects.toThrow(/--host is serve-1/);
});

test('a browser on this machine is shown all hosts as a page without a token, under its own key and name alone', async () => {
  const one = await start('serve-<1>');
  await setScene(one.host, 'canary');
  const child = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), 'top', '--web', '--host', one.url], {
    cwd: folder,
    env: { PATH: process.env['PATH'], TRAINYARD_AGENT_TOKEN: TOKENS.reader },
  });
  opened.push(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (piece) => {
    said += piece;
  });
  await expect.poll(() => said, { timeout: 30_000 }).toMatch(/Open http:\S+ in/);
  const url = /http:\S+/.exec(said)?.[0] ?? '';
  const read = async () => (await fetch(url)).text();
  await expect
    .poll(read, { timeout: 20_000 })
    .toMatch(/1 of 1 hosts answer[\s\S]*serve-&lt;1&gt;[\s\S]*mnist/);
  expect(await read()).not.toContain(TOKENS.reader);
  expect((await fetch(url)).headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await fetch(new URL('/', url))).status).toBe(404);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  const { port, pathname } = new URL(url);
  const asOther = request({
    host: '127.0.0.1',
    port,
    path: pathname,
    headers: { host: `evil.test:${port}` },
  });
  asOther.end();
  const [answer] = await once(asOther, 'response');
  expect(answer.statusCode).toBe(404);
  answer.resume();
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
