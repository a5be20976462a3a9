import { createServer, type Server } from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgentClient } from '../../adapters/agent-client.ts';
import { createFetch } from '../../adapters/network/create-fetch.ts';
import { requestJson } from '../../adapters/network/http.ts';
import { runCommand } from '../../adapters/run-command.ts';
import { isUnreachable } from '../../core/errors.ts';
import { type RunningProxy, startProxy } from '../../sandbox/network/proxy.ts';

const CREATE_FETCH = import.meta.resolve('../../adapters/network/create-fetch.ts');
/** The port for "discard", where nothing listens. */
const NOBODY = 9;
const wait = async () => undefined;

let busy: Server;
let proxy: RunningProxy;
let guarded: RunningProxy;

beforeAll(async () => {
  busy = createServer((_, response) => {
    const problem = {
      type: 'about:blank',
      title: 'Busy',
      status: 503,
      code: 'busy',
      detail: 'It is busy.',
      remedy: 'Wait.',
    };
    response.writeHead(503, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  await new Promise<void>((resolve) => {
    busy.listen(0, '127.0.0.1', resolve);
  });
  const address = busy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const hosts = { 'dead.corp.test': NOBODY, 'busy.corp.test': address.port };
  proxy = await startProxy({ hosts });
  guarded = await startProxy({ hosts, credentials: 'ada:secret' });
});
afterAll(async () => {
  await Promise.all([proxy.stop(), guarded.stop()]);
  busy.close();
});

const through = ({ host }: RunningProxy) => ({
  wait,
  fetch: createFetch({ https_proxy: `http://${host}`, http_proxy: `http://${host}` }),
});
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe.each(['http', 'https'])('an agent at an %s address behind a proxy', (scheme) => {
  it('is out of reach when its host is down', async () => {
    const url = `${scheme}://dead.corp.test`;
    const client = createAgentClient({ url, token: 'secret-token', dependencies: through(proxy) });
    expect(isUnreachable(await thrownBy(client.state()))).toBe(true);
    expect(await client.isUp()).toBe(false);
  });

  it('is not called out of reach when the proxy lets nobody through', async () => {
    const url = `${scheme}://dead.corp.test`;
    const client = createAgentClient({ url, token: 'secret-token', dependencies: through(guarded) });
    const thrown = await thrownBy(client.state());
    expect(thrown).toBeInstanceOf(Error);
    expect(isUnreachable(thrown)).toBe(false);
  });
});

it('an agent behind a proxy is in reach with a failure of its own', async () => {
  const url = 'http://busy.corp.test';
  const client = createAgentClient({ url, token: 'secret-token', dependencies: through(proxy) });
  expect(isUnreachable(await thrownBy(client.state()))).toBe(false);
  expect(await client.isUp()).toBe(true);
});

describe('a request that must not run twice', () => {
  const attemptsOf = async (url: string) => {
    const before = proxy.requests.length;
    await thrownBy(requestJson({ url, method: 'POST', json: {}, attempts: 3 }, through(proxy)));
    return proxy.requests.length - before;
  };

  it('is sent again when the proxy made no tunnel: nothing was sent', async () => {
    expect(await attemptsOf('https://dead.corp.test/')).toBe(3);
  });

  it('is not when the proxy took it to hand it on: it may have arrived', async () => {
    expect(await attemptsOf('http://dead.corp.test/')).toBe(1);
  });
});

it('a job ends although its proxy never answers whether it makes a tunnel', async () => {
  const silent = net.createServer(() => undefined);
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const script = `
    const { createFetch } = await import(${JSON.stringify(CREATE_FETCH)});
    const fetch = createFetch({ https_proxy: 'http://127.0.0.1:${address.port}' });
    await fetch('https://a.corp.test/', { signal: AbortSignal.timeout(100) }).catch((thrown) => console.log(thrown.name));`;
  const args = ['--input-type=module', '--eval', script];
  const job = { command: process.execPath, args, env: { PATH: process.env['PATH'] }, timeoutMs: 20_000 };
  const { ended, stdout } = await runCommand(job);
  expect({ ended, said: Buffer.from(stdout).toString() }).toEqual({
    ended: 'exited',
    said: 'TimeoutError\n',
  });
  silent.close();
}, 25_000);
