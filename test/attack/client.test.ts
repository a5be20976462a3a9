import { once } from 'node:events';
import type { Server } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { describeState } from '../../agent/api/describe-state.ts';
import { createApp, listen } from '../../agent/api/server.ts';
import { NO_COUNTERS } from '../../agent/envoy/cluster-counters.ts';
import type { DataPlane } from '../../agent/envoy/envoy.ts';
import { PIN_HEADER } from '../../core/names.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { type FakeHost, openFakeHost } from '../agent/support/fake-context.ts';
import { useAttackedProxy } from './support/attacked-proxy.ts';
import { play } from './support/play.ts';

const { backends, connect, counters, dataPlane, predict } = useAttackedProxy();

/** All that came on a connection until it was closed, or until so many ms have passed. */
async function hear(
  socket: Socket,
  milliseconds: number,
): Promise<{ readonly said: string; readonly isClosed: boolean }> {
  let said = '';
  socket.on('data', (chunk) => {
    said += String(chunk);
  });
  const end = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  const isClosed = await Promise.race([end, sleep(milliseconds).then(() => false)]);
  socket.destroy();
  return { said, isClosed };
}

/** Does this with the control API of a host whose proxy and models are pretended. */
async function withApi<T>(
  work: (api: { readonly host: FakeHost; readonly port: number }) => Promise<T>,
): Promise<T> {
  const host = openFakeHost({ listen: '127.0.0.1:0' });
  const agent = createAgent(host.context);
  const server = await listen(createApp(agent), agent);
  try {
    return await work({ host, port: portOf(server) });
  } finally {
    server.closeAllConnections();
    server.close();
    host.close();
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The answer to some text on a connection of its own. */
async function answerTo(text: string): Promise<string> {
  const socket = connect();
  await once(socket, 'connect');
  socket.write(text);
  return (await hear(socket, 2_000)).said;
}

play('C1', async () => {
  const before = (await counters()).get('mnist@2') ?? NO_COUNTERS;
  for (let index = 0; index < 20; index += 1)
    await (await predict({ [PIN_HEADER]: '2', 'x-test-status': '500' })).text();
  const after = (await counters()).get('mnist@2') ?? NO_COUNTERS;
  return after.serverErrors === before.serverErrors && after.sent === before.sent
    ? 'no evidence'
    : 'evidence';
});

play('C2', async () => {
  const seen = () => backends.reduce((sum, backend) => sum + backend.seen.length, 0);
  const before = seen();
  const slow = await predict({
    ...{
      'x-envoy-upstream-rq-timeout-ms': '1',
      'x-envoy-upstream-rq-per-try-timeout-ms': '1',
      'x-test-ms': '300',
    },
    ...{ 'x-envoy-expected-rq-timeout-ms': '1', 'x-envoy-internal': 'true' },
  });
  const failing = await predict({
    ...{ 'x-envoy-retry-on': '5xx', 'x-envoy-max-retries': '9', 'x-test-status': '500' },
    ...{ 'x-envoy-hedge-on-per-try-timeout': 'true', 'x-forwarded-for': '127.0.0.1' },
  });
  const rest = [slow.status, failing.status, seen() - before].join();
  return rest === '200,500,2' ? 'ignored' : rest;
});

play('C3', async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(2 ** 16).fill(0x20)),
  });
  const { status } = await fetch((await predict()).url, { method: 'POST', body: endless, duplex: 'half' });
  return String(status);
});

play('C4', async () => {
  const socket = connect();
  await once(socket, 'connect');
  socket.write('POST /predictions/mnist HTTP/1.1\r\nhost: x\r\nx-slow: ');
  const drip = setInterval(() => socket.write('a'), 300);
  const { isClosed } = await hear(socket, 20_000);
  clearInterval(drip);
  return isClosed ? 'closed' : 'open';
});

play('C5', async () => {
  const slow = Array.from({ length: 40 }, () => predict({ [PIN_HEADER]: '2', 'x-test-ms': '1500' }));
  const first = await Promise.any(
    slow.map(async (asked) => {
      const answer = await asked;
      if (answer.status === 200) throw new Error('answered');
      return Object((await answer.json()) ?? {}).code;
    }),
  );
  for (let index = 0; index < 20; index += 1) {
    const { status } = await predict({ [PIN_HEADER]: '1' });
    if (status !== 200) return `the other version answers ${status}`;
  }
  await Promise.all(slow);
  return String(first);
});

/** Opens so many connections from an address, and says nothing on any of them. */
async function flood(address: string, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += 1) {
    sockets.push(connect(address));
    if (opened % 200 === 0) await sleep(5);
  }
  return sockets;
}

const warningsOf = async (proxy: DataPlane) => {
  const host = openFakeHost();
  const { warnings = [] } = await describeState({ ...host.context, proxy });
  host.close();
  return warnings.map(({ code }) => code).join();
};

play('C6', async () => {
  const proxy = dataPlane();
  const before = await proxy.turnedAway();
  const sockets = [...(await flood('127.0.0.9', 10_050))];
  await waitFor(async () => (await proxy.turnedAway()) - before >= 9_000, 'the surplus to be closed');
  // Whoever is closed opens anew, and the others are answered all the while.
  for (let round = 0; round < 10; round += 1) {
    sockets.push(...(await flood('127.0.0.9', 1_000)));
    const said = await answerTo('GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    if (!said.startsWith('HTTP/1.1')) return `another client hears ${JSON.stringify(said)}`;
    if ((await predict({ connection: 'close' })).status !== 200) return 'another client waits';
  }
  for (const socket of sockets) socket.destroy();
  return (await proxy.isFull()) ? 'full' : await warningsOf(proxy);
});

test('clients of many addresses can take all connections, and the host says so', async () => {
  const proxy = dataPlane();
  await waitFor(async () => !(await proxy.isFull()), 'room', 20_000);
  const sockets: Socket[] = [];
  for (let last = 20; last < 60 && !(await proxy.isFull()); last += 1)
    sockets.push(...(await flood(`127.0.0.${last}`, 1_000)));
  expect(await proxy.isFull()).toBe(true);
  await waitFor(async () => (await warningsOf(proxy)) === 'connections-refused', 'the host to say so');
  for (const socket of sockets) socket.destroy();
  await waitFor(async () => (await predict().catch(() => undefined))?.status === 200, 'room', 20_000);
  expect(await proxy.isFull()).toBe(false);
});

play('C8', async () => {
  const smuggled = 'GET /ping HTTP/1.1\r\nhost: x\r\n\r\n';
  const start = 'POST /predictions/mnist HTTP/1.1\r\nhost: x\r\n';
  const size = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
  const answers = [
    await answerTo(`${start}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n${size}`),
    await answerTo(`${start}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n${size}`),
    await answerTo(`${start}content-length: 0\r\ncontent-length: 40\r\n\r\n${smuggled}`),
  ];
  const statuses = answers.map((said) => said.match(/HTTP\/1\.1 \d+/g)?.join() ?? 'closed');
  return [...new Set(statuses.map((status) => status.replace('HTTP/1.1 ', '')))].join(' or ');
});

play('C9', async () => {
  const paths = [
    '/v1/state',
    '/stats',
    '/predictions/mnist/../../v1/state',
    '/predictions/%2e%2e/v1/state',
    '/predictions/other',
    '//',
  ];
  const codes = [];
  for (const path of paths) {
    const said = await answerTo(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    codes.push(/"code":"(?<code>[^"]+)"/.exec(said)?.groups?.['code'] ?? said.slice(0, 20));
  }
  return [...new Set(codes)].join();
});

play('C7', () =>
  withApi(async ({ host, port }) => {
    const url = `http://127.0.0.1:${port}/v1/state`;
    const ask = async (token: string) => {
      const began = host.world.now;
      const { status } = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      return { status, waited: host.world.now - began };
    };
    const guesses = [];
    for (let index = 0; index < 40; index += 1) guesses.push(await ask(`guess-number-${index}-0123456789`));
    const late = guesses.filter(({ waited }) => waited >= 5_000).length;
    const known = await ask(TOKENS.reader);
    const isRefused = guesses.every(({ status }) => status === 401);
    return isRefused && late === 10 && known.status === 200 && known.waited === 0
      ? 'delayed'
      : `${late} late`;
  }),
);

play('C10', () =>
  withApi(async ({ port }) => {
    const opened = Array.from({ length: 300 }, () => createConnection({ host: '127.0.0.1', port }));
    try {
      let closed = 0;
      for (const socket of opened)
        socket
          .on('error', () => undefined)
          .on('close', () => (closed += 1))
          .resume();
      await waitFor(async () => closed >= 200, 'the surplus to be closed', 5_000);
      const other = createConnection({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
      other.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      const { said } = await hear(other, 5_000);
      return said.startsWith('HTTP/1.1 200') && closed === 200 ? 'closed' : `${closed} closed: ${said}`;
    } finally {
      for (const socket of opened) socket.destroy();
    }
  }),
);
