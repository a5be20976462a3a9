import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { openAuditLog, readAudit } from '../../agent/audit/audit-log.ts';
import { tellAudit } from '../../agent/audit/tell-audit.ts';
import type { App } from '../../agent/http/call.ts';
import { runLoop } from '../../agent/loop.ts';
import { hashToken } from '../../agent/options/tokens.ts';
import type { AuditCall } from '../../core/serving/audit-entry.ts';
import type { Role } from '../../core/serving/route.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { type FakeHost, openFakeHost, storePackage } from './support/fake-context.ts';

const MODEL = 'mnist';

let host: FakeHost;
let agent: Agent;
let app: ReturnType<typeof createApp>;
beforeEach(() => {
  host = openFakeHost();
  agent = createAgent(host.context);
  app = createApp(agent);
});
afterEach(() => host.close());

const printOf = (token: string) => hashToken(token).toString('hex').slice(0, 8);

async function ask(method: string, path: string, token: string, body?: object): Promise<number> {
  const answer = await askApp(app, path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return answer.status;
}

const entries = (most = 100) => readAudit(host.folder, most);
const lines = (...argv: readonly string[]) => tellAudit(['--data-dir', host.folder, ...argv], {}).lines;
/** All that was written down, as it lies on the disk. */
const written = () =>
  readdirSync(join(host.folder, 'audit')).map((name) =>
    readFileSync(join(host.folder, 'audit', name), 'utf8'),
  );

test('who changes something is written down by role and fingerprint, with what became of it, and who reads is not', async () => {
  const manifest = await storePackage(host.context, '1');
  const instance = `/v1/models/${MODEL}/instances/1`;
  expect(await ask('PUT', instance, TOKENS.deployer, { manifest })).toBe(202);
  host.world.now += 1_000;
  expect(await ask('PUT', `/v1/models/${MODEL}/traffic`, TOKENS.deployer, { stable: '1' })).toBe(400);
  expect(await ask('GET', '/v1/state', TOKENS.reader)).toBe(200);
  const by = { kind: 'token', role: 'deployer', fingerprint: printOf(TOKENS.deployer) };
  expect(entries()).toEqual([
    {
      ...{
        at: '2026-01-01T00:00:00.000Z',
        by,
        method: 'PUT',
        path: '/v1/models/{model}/instances/{version}',
      },
      ...{ parameters: { model: MODEL, version: '1' }, status: 202 },
    },
    {
      ...{ at: '2026-01-01T00:00:01.000Z', by, method: 'PUT', path: '/v1/models/{model}/traffic' },
      ...{ parameters: { model: MODEL }, status: 400, code: 'body-invalid' },
    },
  ]);
  expect(lines()).toEqual([
    `2026-01-01T00:00:00.000Z deployer ${printOf(TOKENS.deployer)} PUT ${instance} 202`,
    `2026-01-01T00:00:01.000Z deployer ${printOf(TOKENS.deployer)} PUT /v1/models/${MODEL}/traffic 400 body-invalid`,
  ]);
  expect(lines('--limit', '1', '--json').map((line) => JSON.parse(line).status)).toEqual([400]);
});

test('who is refused is written down, too, and no token ever is', async () => {
  expect(await ask('DELETE', `/v1/models/${MODEL}`, TOKENS.reader)).toBe(403);
  host.world.now += 1_000;
  expect(await ask('GET', '/v1/state', 'a-guessed-token-0')).toBe(401);
  expect(entries()).toMatchObject([
    {
      by: { role: 'reader', fingerprint: printOf(TOKENS.reader) },
      method: 'DELETE',
      status: 403,
      code: 'role-too-low',
    },
    { by: { kind: 'stranger' }, path: '/v1/state', status: 401, code: 'token-invalid' },
  ]);
  for (const text of written())
    for (const token of [...Object.values(TOKENS), 'a-guessed']) expect(text).not.toContain(token);
  const files = readdirSync(join(host.folder, 'audit')).map((name) =>
    statSync(join(host.folder, 'audit', name)),
  );
  expect(files.map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o600]);
});

test('what a stranger asks for is among the refused calls, also where the agent fails at it', async () => {
  const failing: App = (incoming) =>
    app({
      ...incoming,
      header: () => {
        throw new Error('unreadable');
      },
    });
  expect((await askApp(failing, '/v1/packages', { method: 'DELETE' })).status).toBe(500);
  expect((await askApp(failing, '/v1/state')).status).toBe(500);
  expect(readdirSync(join(host.folder, 'audit'))).toEqual(['refused.jsonl']);
  expect(entries()).toMatchObject([
    { by: { kind: 'stranger' }, method: 'DELETE', status: 500, code: 'internal' },
    { by: { kind: 'stranger' }, method: 'GET', status: 500, code: 'internal' },
  ]);
});

test('a reader is told, and nobody without a token', async () => {
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  const answer = await askApp(app, '/v1/audit?limit=1', {
    headers: { authorization: `Bearer ${TOKENS.reader}` },
  });
  expect(ROUTES.audit.answer.parse(await answer.json()).entries).toMatchObject([
    { path: '/v1/packages', status: 200 },
  ]);
  expect(await ask('GET', '/v1/audit', 'a-guessed-token-0')).toBe(401);
});

test('somebody on the host is known as that', async () => {
  const local = createApp(agent, 'open');
  const path = `/v1/models/${MODEL}/take-back`;
  const answer = await askApp(local, path, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(404);
  expect(lines()).toEqual([
    expect.stringMatching(/Z on-host POST \/v1\/models\/mnist\/take-back 404 [a-z-]+$/),
  ]);
});

const START = Date.parse('2026-01-02T00:00:00Z');
/** Notes so many calls, one a second. */
function flood(times: number, call: Omit<AuditCall, 'at'>, need: Role): void {
  const { note } = openAuditLog(host.folder, host.context.log);
  for (let index = 0; index < times; index += 1)
    note({ ...call, at: new Date(START + index * 1_000).toISOString() }, need);
}
const STRANGE = {
  ...{ by: { kind: 'stranger', address: '10.0.0.9' }, method: 'DELETE', path: `/v1/${'x'.repeat(1_000)}` },
  ...{ parameters: {}, status: 401, code: 'token-invalid' },
} as const satisfies Omit<AuditCall, 'at'>;
const DENIED = {
  ...{
    by: { kind: 'token', role: 'reader', fingerprint: '0a1b2c3d' },
    method: 'DELETE',
    path: '/v1/packages',
  },
  ...{ parameters: {}, status: 403, code: 'role-too-low' },
} as const satisfies Omit<AuditCall, 'at'>;

test('who tries tokens fills a few lines a minute, and pushes out nothing of what those with a token did', async () => {
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  await ask('DELETE', '/v1/packages', TOKENS.reader);
  flood(30_000, STRANGE, 'deployer');
  const told = entries(100_000);
  expect(told.flatMap((entry) => ('status' in entry ? entry.status : [])).slice(0, 2)).toEqual([200, 403]);
  expect(told.filter((entry) => 'untold' in entry && entry.untold === 50).length).toBeGreaterThan(100);
  for (const text of written()) expect(text.length).toBeLessThanOrEqual(2 ** 20);
  expect(lines('--limit', '8').slice(0, 2)).toEqual([
    expect.stringMatching(/ deployer .* 200$/),
    expect.stringMatching(/ reader .* 403 role-too-low$/),
  ]);
  expect(lines('--limit', '8')).toHaveLength(8);
});

test('who may send labels pushes out nothing of what deployers did', async () => {
  expect(await ask('PUT', `/v1/models/${MODEL}/traffic`, TOKENS.deployer, { stable: '1' })).toBe(400);
  const labels = { model: MODEL, labels: [{ id: 'a', label: 1 }] };
  for (let time = 0; time < 3; time += 1)
    expect(await ask('POST', '/v1/labels', TOKENS.labeler, labels)).toBe(200);
  host.world.now += 60_000;
  await ask('GET', '/v1/audit', TOKENS.reader);
  const fingerprint = printOf(TOKENS.labeler);
  expect(lines().slice(1)).toEqual([
    `2026-01-01T00:00:00.000Z labeler ${fingerprint} POST /v1/labels 200`,
    `2026-01-01T00:00:00.000Z labeler ${fingerprint} 2 more calls in a minute, with labels`,
  ]);
  const by = { kind: 'token', role: 'labeler', fingerprint } as const;
  flood(60_000, { by, method: 'POST', path: '/v1/labels', parameters: {}, status: 200 }, 'labeler');
  const told = entries(100_000);
  expect(told[0]).toMatchObject({ method: 'PUT', status: 400 });
  expect(told.filter((entry) => 'untold' in entry && entry.untold === 59)).toHaveLength(999);
});

test('of each token as many refused calls are written down, whatever others do', () => {
  const { note } = host.context.audit;
  const at = '2026-01-02T00:00:00Z';
  for (let index = 0; index < 100; index += 1) {
    note({ ...STRANGE, at }, 'deployer');
    note({ ...DENIED, at }, 'deployer');
  }
  note({ ...DENIED, at, by: { ...DENIED.by, fingerprint: '4e5f6a7b' } }, 'deployer');
  const told = entries(1_000).map(({ by }) => ('fingerprint' in by ? by.fingerprint : by.kind));
  const count = (who: string) => told.filter((one) => one === who).length;
  expect([count('stranger'), count('0a1b2c3d'), count('4e5f6a7b')]).toEqual([10, 10, 1]);
});

describe('how many more calls there were is written down', () => {
  const twelve = () => {
    const at = host.context.clock.now();
    for (let index = 0; index < 12; index += 1) host.context.audit.note({ ...STRANGE, at }, 'deployer');
    expect(lines()).toHaveLength(10);
  };
  const MORE = '2026-01-01T00:00:00.000Z strangers 2 more calls in a minute, refused with 401';

  test('by the next call of whomever, and hung on nobody', async () => {
    twelve();
    host.world.now += 60_000;
    await ask('DELETE', '/v1/packages', TOKENS.deployer);
    expect(lines().slice(10)).toEqual([MORE, expect.stringMatching(/:01:00.000Z deployer .* 200$/)]);
  });

  test('before they are read', async () => {
    twelve();
    host.world.now += 60_000;
    expect(await ask('GET', '/v1/audit', TOKENS.reader)).toBe(200);
    expect(lines().slice(10)).toEqual([MORE]);
  });

  test('by the loop, though nobody calls', async () => {
    twelve();
    const stop = new AbortController();
    const loop = runLoop(agent, () => undefined, stop.signal);
    try {
      await waitFor(() => lines().includes(MORE), 'the count');
    } finally {
      stop.abort();
      await loop;
    }
  });

  test('at the end', () => {
    twelve();
    host.context.audit.settle();
    host.context.audit.settle();
    expect(lines().slice(10)).toEqual([MORE]);
  });
});

test('what was done is kept up to its bound, the newest of it', () => {
  const { note } = openAuditLog(host.folder, host.context.log);
  const at = '2026-01-01T00:00:00Z';
  const call = {
    at,
    by: { kind: 'on-host' },
    method: 'PUT',
    path: '/v1/models/{model}/traffic',
    status: 200,
  } as const;
  for (let index = 0; index < 12_000; index += 1)
    note({ ...call, parameters: { model: `m${index}`, long: 'x'.repeat(500) } }, 'deployer');
  const bytes = written().map(({ length }) => length);
  expect(Math.max(...bytes)).toBeLessThanOrEqual(4 * 2 ** 20);
  expect(bytes.reduce((sum, one) => sum + one)).toBeGreaterThan(4 * 2 ** 20);
  expect(entries(1)).toMatchObject([{ parameters: { model: 'm11999' } }]);
});

test('a line that was cut off as it was written is left out, and the next one stands for itself', async () => {
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  appendFileSync(join(host.folder, 'audit', 'changes.jsonl'), '{"at":"2026-01-');
  app = createApp(createAgent(host.reopen()));
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  expect(entries()).toHaveLength(2);
});

test('such a line stands for itself also where the other file was written to first', async () => {
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  appendFileSync(join(host.folder, 'audit', 'changes.jsonl'), '{"at":"2026-01-');
  app = createApp(createAgent(host.reopen()));
  await ask('GET', '/v1/state', 'a-guessed-token-0');
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  expect(entries()).toMatchObject([{ status: 200 }, { status: 200 }, { status: 401 }]);
});

test('a line that a full disk cut off spoils none after it', async () => {
  const file = join(host.folder, 'audit', 'changes.jsonl');
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  rmSync(file);
  mkdirSync(file);
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  rmSync(file, { recursive: true });
  writeFileSync(file, '{"at":"2026-01-');
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  expect(entries()).toHaveLength(1);
});

test('where nothing can be written the work goes on, and the log says so once', async () => {
  writeFileSync(join(host.folder, 'audit'), 'in the way');
  for (let time = 0; time < 3; time += 1)
    expect(await ask('DELETE', '/v1/packages', TOKENS.deployer)).toBe(200);
  expect(host.world.log.filter((line) => line.includes('Calls are not written down'))).toHaveLength(1);
});
