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
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { openAuditLog, readAudit } from '../../agent/audit/audit-log.ts';
import { tellAudit } from '../../agent/audit/tell-audit.ts';
import { hashToken } from '../../agent/options/tokens.ts';
import type { AuditEntry } from '../../core/serving/audit-entry.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
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
  const answer = await app.request(path, {
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
  expect(files.map(({ mode }) => mode & 0o777)).toEqual([0o600]);
});

test('a reader is told, and nobody without a token', async () => {
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  const answer = await app.request('/v1/audit?limit=1', {
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
  const answer = await local.request(path, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(404);
  expect(lines()).toEqual([
    expect.stringMatching(/Z on-host POST \/v1\/models\/mnist\/take-back 404 [a-z-]+$/),
  ]);
});

test('who tries tokens fills a few lines a minute, and pushes out nothing of what was done', async () => {
  const path = `/v1/models/${'x'.repeat(1_000)}`;
  await ask('DELETE', '/v1/packages', TOKENS.deployer);
  const note = openAuditLog(host.folder, host.context.log);
  const refused = (at: string): AuditEntry => ({
    ...{ at, by: { kind: 'stranger', address: '10.0.0.9' }, method: 'DELETE', path, parameters: {} },
    ...{ status: 401, code: 'token-invalid' },
  });
  const start = Date.parse('2026-01-02T00:00:00Z');
  for (let index = 0; index < 30_000; index += 1)
    note(refused(new Date(start + index * 1_000).toISOString()));
  const told = entries(100_000);
  expect(told.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(told.at(-1)?.untold).toBe(undefined);
  expect(told.filter(({ untold }) => untold === 50).length).toBeGreaterThan(100);
  for (const text of written()) expect(text.length).toBeLessThanOrEqual(2 ** 20);
});

test('what was done is kept up to its bound, the newest of it', () => {
  const note = openAuditLog(host.folder, host.context.log);
  const at = '2026-01-01T00:00:00Z';
  for (let index = 0; index < 12_000; index += 1)
    note({
      at,
      by: { kind: 'on-host' },
      method: 'PUT',
      path: '/v1/models/{model}/traffic',
      parameters: { model: `m${index}`, long: 'x'.repeat(500) },
      status: 200,
    });
  const bytes = written().map(({ length }) => length);
  expect(Math.max(...bytes)).toBeLessThanOrEqual(4 * 2 ** 20);
  expect(bytes.reduce((sum, one) => sum + one)).toBeGreaterThan(4 * 2 ** 20);
  expect(entries(1)[0]?.parameters).toMatchObject({ model: 'm11999' });
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
  expect(entries().map(({ status }) => status)).toEqual([200, 200, 401]);
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
