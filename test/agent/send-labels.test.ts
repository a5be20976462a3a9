import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { serveApp } from '../../agent/http/serve.ts';
import { captureFolder } from '../../agent/instances/launch.ts';
import { joinLabels } from '../../agent/windows/join-labels.ts';
import { countLabels } from '../../agent/windows/read-labels.ts';
import { COMMANDS } from '../../cli/commands.ts';
import { readCommand } from '../../cli/read-command.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { createStranger, fileWith } from '../cli/support/stranger.ts';
import { type FakeHost, openFakeHost, storePackage } from './support/fake-context.ts';

let host: FakeHost;
beforeEach(() => {
  host = openFakeHost();
});
afterEach(() => host.close());

/** The agent's own API on a port of its own. */
async function listen(): Promise<string> {
  const app = createApp(createAgent(host.context));
  const serve = serveApp(app, ({ thrown }) => ({ status: 500, headers: {}, body: String(thrown) }));
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const repositoryOf = (urls: readonly string[], files: Readonly<Record<string, string>> = {}) =>
  createStranger({
    ...files,
    ...fileWith('trainyard.yml', '["https://serve-1:9443"]', JSON.stringify(urls)),
  });

async function send(folder: string, ...args: readonly string[]) {
  const [lines, troubles]: [string[], string[]] = [[], []];
  const print = {
    line: (text: string) => lines.push(text),
    trouble: (text: string) => troubles.push(text),
    annotate: () => undefined,
  };
  const asked = readCommand(['labels', ...args], COMMANDS);
  if (asked.kind !== 'run') throw new Error('It asks for help.');
  const env = { TRAINYARD_AGENT_TOKEN: TOKENS.labeler };
  const code = await asked.command.run(asked.given, { root: ROOT, cwd: folder, env, print });
  return { code, lines, troubles };
}

const ROWS = 12_001;
const csv = `flat,price\n${Array.from({ length: ROWS }, (_, row) => `r${row},${100 + row}`).join('\n')}\n,5\nr5,\n`;

test('a file of labels goes to the hosts, is joined there, and counts once however often it is sent', async () => {
  const url = await listen();
  const manifest = await storePackage(host.context, '1', { model: 'flats' });
  await createAgent(host.context).startInstance('flats', '1', { manifest });
  const folder = captureFolder(host.folder, 'flats', '1');
  mkdirSync(folder, { recursive: true });
  const at = host.context.clock.now();
  writeFileSync(path.join(folder, 'predictions-1.log'), `r3\t${at}\t103\t0\nr4\t${at}\t99\t0\n`);
  const repository = repositoryOf([url], { 'late.csv': csv });
  const args = ['late.csv', '--id', 'flat', '--label', 'price'];

  expect(await send(repository, ...args, '--dry-run')).toEqual({
    code: 0,
    lines: [
      '12,001 labels of flats; 2 rows without an id or a label are left out',
      `${url}  would be sent all of them`,
    ],
    troubles: [],
  });
  expect(host.context.store.labels.waiting('flats', 0, 1)).toEqual([]);

  expect((await send(repository, ...args)).lines[1]).toBe(`${url}  took all of them, 12,001 new`);
  expect((await send(repository, ...args)).lines[1]).toBe(`${url}  took all of them, 0 new`);
  await joinLabels(host.context);
  const counts = await countLabels(host.context, { model: 'flats', version: '1' });
  expect(counts).toMatchObject([{ labelled: 2, correct: 1 }]);
});

test('a host that does not answer is told of, and keeps no other from its labels', async () => {
  const url = await listen();
  const repository = repositoryOf([url, 'http://127.0.0.1:1'], { 'late.jsonl': '{"id": "a", "label": 3}\n' });
  const { code, lines, troubles } = await send(repository, 'late.jsonl');
  expect(code).toBe(1);
  expect(lines[1]).toBe(`${url}  took all of them, 1 new`);
  expect(troubles).toEqual([
    expect.stringMatching(/^http:\/\/127\.0\.0\.1:1 {2}.*POST http:\/\/127\.0\.0\.1:1\/v1\/labels/),
  ]);
}, 60_000);

test.each([
  ['no file', [], /needs a file/],
  ['a file that is not there', ['gone.csv'], /can't be read/],
  ['another kind', ['trainyard.yml'], /of a kind that is not read/],
  ['a column that is not there', ['late.csv'], /has no column id, label; it has flat, price/],
  ['an environment that is not there', ['late.csv', '--environment', 'moon'], /no environment `moon`/],
  ['no rows', ['none.csv'], /has no row with an id and a label/],
])('%s is refused, with what to write', async (_, args, message) => {
  const repository = repositoryOf(['http://127.0.0.1:1'], { 'late.csv': csv, 'none.csv': 'id,label\n' });
  await expect(send(repository, ...args)).rejects.toThrow(message);
});
