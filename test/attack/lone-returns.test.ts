import { once } from 'node:events';
import { connect as connectTo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp, listen } from '../../agent/api/server.ts';
import { PIN_HEADER } from '../../core/names.ts';
import { openFakeHost } from '../agent/support/fake-context.ts';
import { useAttackedProxy } from './support/attacked-proxy.ts';

const { backends, connect, counters } = useAttackedProxy();

const SILENT_MS = 1_500;
const HIDDEN = 'GET /ping HTTP/1.1\r\nhost: x\r\n\r\n';
const CHUNKED = `0\r\n\r\n${HIDDEN}`;
const START = 'POST /predictions/mnist HTTP/1.1\r\nhost: x\r\n';

/** A carriage return without a line feed in the value of a header (RFC 9112, 2.2), before what would be a header on a line of its own. */
const IN_VALUES = {
  chunks: [`content-length: ${CHUNKED.length}\r\nx-a: one\rtransfer-encoding: chunked`, CHUNKED],
  'a length': [`x-a: one\rcontent-length: 0\r\ncontent-length: ${HIDDEN.length}`, HIDDEN],
  'a second request': [`x-a: one\r\r${HIDDEN.slice(0, 18)}\r\ncontent-length: 2`, '{}'],
  'a pinned version': [`x-a: one\r${PIN_HEADER}: 2\r\ncontent-length: 2`, '{}'],
} as const;

/** The same within what says how long the request is, which the proxy reads without it and a server before it may not. */
const IN_LENGTHS = {
  'chunks and a length': ['content-length: 4\r\ntransfer-encoding: chu\rnked', CHUNKED],
  'chunks behind it, and a length': ['content-length: 4\r\ntransfer-encoding: \rchunked', CHUNKED],
  'a length of two parts': ['content-length: 1\r2', HIDDEN],
  'a name': [`content-\rlength: ${HIDDEN.length}`, HIDDEN],
} as const;

/** All that comes back until the other side closes, or says nothing more for a while. */
async function answerTo(socket: Socket, text: string): Promise<readonly string[]> {
  let said = '';
  socket.on('error', () => undefined).on('data', (part) => (said += String(part)));
  socket.setTimeout(SILENT_MS, () => socket.destroy());
  socket.write(text);
  await once(socket, 'close');
  return said.match(/HTTP\/1\.1 \d+/g) ?? [];
}

const heard = () => backends.flatMap(({ seen }) => seen);
const pinned = async () => (await counters()).get('mnist@2-pinned')?.sent ?? 0;

test.each(Object.entries(IN_VALUES))(
  'a return before %s makes no header and no request: the model hears one, without it',
  async (_, [headers, body]) => {
    const [before, pinnedBefore] = [new Set(heard()), await pinned()];
    const answers = await answerTo(connect(), `${START}${headers}\r\n\r\n${body}`);
    expect(answers).toEqual(['HTTP/1.1 200']);
    const [incoming, ...more] = heard().filter((one) => !before.has(one));
    expect(more).toEqual([]);
    expect(incoming?.rawHeaders.join()).not.toMatch(/[\r\n]/);
    expect(incoming?.headers).toMatchObject({ 'content-length': String(body.length) });
    expect(incoming?.headers).not.toHaveProperty('transfer-encoding');
    expect(incoming?.headers).not.toHaveProperty(PIN_HEADER);
    expect(await pinned()).toBe(pinnedBefore);
  },
);

test.each(Object.entries(IN_LENGTHS))(
  'a return in %s is refused, and no model hears of it',
  async (_, [headers, body]) => {
    const before = heard().length;
    expect(await answerTo(connect(), `${START}${headers}\r\n\r\n${body}`)).toEqual(['HTTP/1.1 400']);
    expect(heard().length).toBe(before);
  },
);

test('the control API refuses a return alone, wherever it is', async () => {
  const host = openFakeHost({ listen: '127.0.0.1:0' });
  const agent = createAgent(host.context);
  const server = await listen(createApp(agent), agent);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    for (const [name, [headers, body]] of Object.entries({ ...IN_VALUES, ...IN_LENGTHS })) {
      const socket = connectTo({ host: '127.0.0.1', port });
      const answers = await answerTo(socket, `${START}${headers}\r\n\r\n${body}`);
      expect(answers, name).toEqual(['HTTP/1.1 400']);
    }
  } finally {
    server.closeAllConnections();
    server.close();
    host.close();
  }
});
