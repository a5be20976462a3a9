import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import type { App } from '../../agent/http/call.ts';
import { NO_COUNTS } from '../../agent/traffic/version-reading.ts';
import { agentStateSchema, observationsSchema, problemSchema } from '../../core/serving/api.ts';
import { problemsOf } from '../../core/serving/route.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const readinessSchema = ROUTES.readiness.answer;

let host: FakeHost;
let app: App;
beforeEach(() => {
  host = openFakeHost({ 'max-package-bytes': '1000' });
  app = createApp(createAgent(host.context));
});
afterEach(() => host.close());

type Call = {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
};

/** Every answer has a status that its route declares. */
const call = async (path: string, { method = 'GET', token = TOKENS.deployer, body, headers }: Call = {}) => {
  const response = await askApp(app, path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  expect(declaredStatuses(method === 'HEAD' ? 'GET' : method, path)).toContain(String(response.status));
  return response;
};

function declaredStatuses(method: string, path: string): readonly string[] {
  const isOf = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}(\\?|$)`).test(path);
  const route = Object.values(ROUTES).find((one) => one.method === method && isOf(one.path));
  return route === undefined ? [] : Object.keys({ ...route.done, ...problemsOf(route) });
}

/** Every refusal is problem details; gives its code. */
async function refusalOf(response: Response): Promise<string> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return problem.code;
}

describe('access', () => {
  test.each([
    ['no token', ''],
    ['an unknown token', 'Bearer unknown-token-123456'],
    ['another scheme', `Basic ${TOKENS.deployer}`],
  ])('is refused with %s', async (_what, authorization) => {
    const response = await askApp(app, '/v1/state', { headers: { authorization } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await refusalOf(response)).toBe('token-invalid');
  });

  test('goes by role: a reader changes nothing, a labeler sends labels', async () => {
    const put = { method: 'PUT', body: {} };
    expect(await refusalOf(await call('/v1/models/m/traffic', { ...put, token: TOKENS.reader }))).toBe(
      'role-too-low',
    );
    expect(await refusalOf(await call('/v1/models/m/traffic', { ...put, token: TOKENS.labeler }))).toBe(
      'role-too-low',
    );
    const labels = { model: 'm', labels: [{ id: 'a', label: 3 }] };
    const post = { method: 'POST', body: labels };
    expect(await refusalOf(await call('/v1/labels', { ...post, token: TOKENS.reader }))).toBe('role-too-low');
    expect(await (await call('/v1/labels', { ...post, token: TOKENS.labeler })).json()).toEqual({
      received: 1,
      added: 1,
    });
  });

  test('what was seen lately is told of all rollouts and of none', async () => {
    const { store, options } = host.context;
    const counts = { stable: NO_COUNTS, candidate: NO_COUNTS };
    for (const [rollout, minute] of [
      ['r1', '01'],
      ['r1', '02'],
      ['', '03'],
    ] as const) {
      store.addObservation('m', rollout, {
        ...{ host: options.hostName, at: `2026-01-02T00:${minute}:00Z`, seconds: 60, stage: 0 },
        ...{ weights: { candidate: 0 }, ...counts },
      });
    }
    const answer = await call('/v1/models/m/observations?since=2026-01-02T00:02:00Z&after=1');
    const { observations } = observationsSchema.parse(await answer.json());
    expect(observations.map(({ seq }) => seq)).toEqual([2, 3]);
  });

  test('late labels of a version are told by day and bin', async () => {
    const { labels } = host.context.store;
    labels.add('m', '2026-01-02T00:00:00Z', [
      { id: 'x', label: 'a' },
      { id: 'y', label: 'b' },
    ]);
    const joined = { version: '7', predictedAt: '2026-01-01T10:00:00Z', bin: 3 };
    labels.join('m', [
      { ...joined, id: 'x', correct: true },
      { ...joined, id: 'y', correct: false },
    ]);
    expect(await (await call('/v1/models/m/labels?version=7')).json()).toEqual({
      counts: [{ day: '2026-01-01', bin: 3, labelled: 2, correct: 1 }],
    });
    expect(await (await call('/v1/models/m/labels?version=8')).json()).toEqual({ counts: [] });
    expect(await refusalOf(await call('/v1/models/m/labels'))).toBe('parameter-invalid');
  });

  test.each(Object.values(ROUTES).filter(({ role }) => role !== undefined))(
    'to $method $path needs a token',
    async ({ method, path }) => {
      const response = await askApp(app, path.replaceAll(/\{\w+\}/g, '1'), { method });
      expect(response.status).toBe(401);
    },
  );
});

test('each path takes exactly the methods that the table of routes names', async () => {
  const table = Object.values(ROUTES).map(({ method, path }) => `${method} ${path}`);
  const served = new Set<string>();
  for (const { path } of Object.values(ROUTES)) {
    const { headers } = await askApp(app, path.replaceAll(/\{\w+\}/g, '1'), { method: 'PATCH' });
    for (const method of headers.get('allow')?.split(', ') ?? []) served.add(`${method} ${path}`);
  }
  expect([...served].filter((one) => !one.startsWith('HEAD ')).toSorted()).toEqual(table.toSorted());
  const description = await (await askApp(app, '/openapi.json')).json();
  expect(description).toMatchObject({
    openapi: '3.1.0',
    paths: { '/v1/models/{model}/traffic': { put: { requestBody: { required: true } } } },
  });
});

describe('packages', () => {
  const digest = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

  test('are stored under their digest, once', async () => {
    expect((await call(`/v1/packages/${digest}`, { method: 'HEAD' })).status).toBe(404);
    expect((await call(`/v1/packages/${digest}`, { method: 'PUT', body: 'hello' })).status).toBe(201);
    expect((await call(`/v1/packages/${digest}`, { method: 'HEAD' })).status).toBe(200);
    expect((await call(`/v1/packages/${digest.slice(7)}`, { method: 'PUT', body: 'hello' })).status).toBe(
      204,
    );
  });

  test('of another content are refused and leave nothing behind', async () => {
    const response = await call(`/v1/packages/${digest}`, { method: 'PUT', body: 'other' });
    expect(response.status).toBe(422);
    expect(await refusalOf(response)).toBe('digest-mismatch');
    expect((await call(`/v1/packages/${digest}`, { method: 'HEAD' })).status).toBe(404);
  });

  test('larger than allowed are refused', async () => {
    const response = await call(`/v1/packages/${digest}`, { method: 'PUT', body: 'x'.repeat(1_001) });
    expect(response.status).toBe(413);
    expect(await refusalOf(response)).toBe('package-too-large');
  });

  test('are refused when the disk has too little room left', async () => {
    host.close();
    host = openFakeHost({ 'reserve-bytes': String(Number.MAX_SAFE_INTEGER) });
    app = createApp(createAgent(host.context));
    const response = await call(`/v1/packages/${digest}`, { method: 'PUT', body: 'hello' });
    expect(response.status).toBe(507);
    expect(await refusalOf(response)).toBe('disk-full');
    expect((await call(`/v1/packages/${digest}`, { method: 'HEAD' })).status).toBe(404);
  });

  test('of no digest are refused', async () => {
    expect(await refusalOf(await call('/v1/packages/nonsense', { method: 'PUT', body: 'x' }))).toBe(
      'parameter-invalid',
    );
  });
});

describe('instances and traffic', () => {
  test('go the whole way over HTTP', async () => {
    const manifest = await storePackage(host.context, '1');
    const path = '/v1/models/mnist/instances/1';
    expect(await refusalOf(await call(path))).toBe('no-such-instance');
    const started = await call(path, { method: 'PUT', body: { manifest } });
    expect(started.status).toBe(202);
    expect(await started.json()).toMatchObject({ state: 'starting' });
    const agent = createAgent(host.context);
    for (let step = 0; step < 3; step++) {
      await agent.converge();
      serveAll(host.world);
    }
    const body = { stable: '1', candidatePercent: 0, shadow: false };
    const traffic = '/v1/models/mnist/traffic';
    expect(await refusalOf(await call(traffic, { method: 'PUT', body }))).toBe('revision-required');
    const set = await call(traffic, { method: 'PUT', body, headers: { 'if-none-match': '*' } });
    expect(set.headers.get('etag')).toBe('"1"');
    const again = await call(traffic, { method: 'PUT', body, headers: { 'if-none-match': '*' } });
    expect(again.status).toBe(412);
    const next = await call(traffic, { method: 'PUT', body, headers: { 'if-match': '"1"' } });
    expect(next.headers.get('etag')).toBe('"2"');
    expect((await call(path, { method: 'DELETE' })).status).toBe(409);
    expect(agentStateSchema.parse(await (await call('/v1/state')).json()).instances).toHaveLength(1);
  });

  test('say every field that is wrong', async () => {
    const response = await call('/v1/models/mnist/traffic', {
      method: 'PUT',
      body: { stable: 'x', shadow: 1 },
    });
    expect(response.status).toBe(400);
    const { detail } = problemSchema.parse(await response.json());
    for (const field of ['stable', 'candidatePercent', 'shadow']) expect(detail).toContain(field);
  });

  test.each(['/v1/models/..%2Fx/traffic', '/v1/models/a b/traffic', '/v1/models/m/instances/0'])(
    'refuse the name in %s',
    async (path) => {
      expect((await call(path)).status).toBe(400);
    },
  );

  test('refuse a body that is not JSON', async () => {
    expect(await refusalOf(await call('/v1/labels', { method: 'POST', body: '{' }))).toBe('body-invalid');
  });
});

test.each([
  ['POST', '/healthz', 'GET, HEAD'],
  ['PATCH', '/v1/models/m/traffic', 'GET, HEAD, PUT'],
  ['GET', '/v1/packages', 'DELETE'],
  ['OPTIONS', '/v1/labels', 'POST'],
])('%s %s is told which methods the path takes', async (method, path, allowed) => {
  const response = await askApp(app, path, { method });
  expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
  expect(await refusalOf(response)).toBe('wrong-method');
});

test('a path that there is not has no methods to tell', async () => {
  expect(await refusalOf(await askApp(app, '/v2', { method: 'POST' }))).toBe('no-such-path');
});

test('the description says what the parser answers, on every route', async () => {
  const described = z.looseObject({ responses: z.record(z.string(), z.unknown()) });
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), described)) })
    .parse(await (await askApp(app, '/openapi.json')).json());
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path)))
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '408', '417', '431']));
});

test('the description says in words what JSON Schema can not say', async () => {
  const described = JSON.stringify(await (await askApp(app, '/openapi.json')).json());
  expect(described).toContain('stages must increase, stages must end at 100');
});

test('probes need no token, and say ready once a prediction would be answered', async () => {
  const probe = async (path = '/readyz') => {
    const response = await askApp(app, path);
    return [response.status, readinessSchema.parse(await response.json()).status];
  };
  expect((await askApp(app, '/healthz')).status).toBe(200);
  expect(await probe()).toEqual([503, 'no-version-ready']);
  const agent = createAgent(host.context);
  const manifest = await storePackage(host.context, '1');
  await agent.startInstance('mnist', '1', { manifest });
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  // Nobody asks a version that has no traffic.
  expect(await probe()).toEqual([503, 'no-version-ready']);
  await agent.setTraffic('mnist', { stable: '1', candidatePercent: 0, shadow: false }, undefined);
  expect(await probe()).toEqual([200, 'ready']);
  expect(await probe('/readyz/mnist')).toEqual([200, 'ready']);
  expect(await probe('/readyz/other')).toEqual([503, 'no-version-ready']);
  host.world.isProxyFull = true;
  expect(await probe()).toEqual([503, 'proxy-full']);
  host.world.isProxyFull = false;
  host.world.proxyFailure = new Error('down');
  expect(await probe()).toEqual([503, 'proxy-down']);
  host.world.proxyFailure = undefined;
  host.world.running.clear();
  await agent.observeAndJudge();
  expect(await probe()).toEqual([503, 'no-version-ready']);
});

test('the page runs its own script only', async () => {
  const response = await askApp(app, '/');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  const html = await response.text();
  expect(html).toContain('<form');
  for (const [tag, directive] of [
    ['script', 'script-src'],
    ['style', 'style-src'],
  ]) {
    const [, text = ''] = new RegExp(`<${tag}>([\\s\\S]*)</${tag}>`).exec(html) ?? [];
    const hash = createHash('sha256').update(text).digest('base64');
    expect(policy).toContain(`${directive} 'sha256-${hash}'`);
  }
  expect(html).not.toMatch(/<(script|link)[^>]+(src|href)=/);
  expect(Buffer.byteLength(html)).toBeLessThan(150_000);
});

test('the page’s script is one that a browser reads', async () => {
  const html = await (await askApp(app, '/')).text();
  const [, script = ''] = /<script>([\s\S]*)<\/script>/.exec(html) ?? [];
  expect(() => new Script(script)).not.toThrow();
});

test('an error of the agent itself tells nothing of its insides', async () => {
  const instances = () => {
    throw new Error('inner secret');
  };
  Object.assign(host.context.store, { instances });
  const response = await call('/v1/state');
  expect(await response.clone().text()).not.toContain('inner secret');
  expect(response.status).toBe(500);
  expect(await refusalOf(response)).toBe('internal');
});
