import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { endWhenSilent } from '../../../agent/api/end-when-silent.ts';
import { Refusal } from '../../../agent/api/refusal.ts';
import type { App } from '../../../agent/http/call.ts';
import { serveApp } from '../../../agent/http/serve.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';

/** Passes no time of itself. */
const patient = {
  clock: { wait: (_: number, signal?: AbortSignal) => untilAborted(signal) },
  idleSeconds: 30,
};
const impatient = { clock: { wait: async () => {} }, idleSeconds: 30 };

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
}

/** Bytes that come one by one, and how often their sender was let go. */
function source(next: () => Promise<IteratorResult<Uint8Array>>) {
  const seen = { returns: 0 };
  const iterator = {
    next,
    return: async () => {
      seen.returns += 1;
      return { done: true as const, value: undefined };
    },
  };
  return { seen, content: { [Symbol.asyncIterator]: () => iterator } };
}

const byte = async () => ({ done: false as const, value: Uint8Array.of(1) });

test('whoever has read enough lets the sender go', async () => {
  const { seen, content } = source(byte);
  for await (const chunk of endWhenSilent(content, patient)) {
    expect(chunk).toEqual(Uint8Array.of(1));
    break;
  }
  expect(seen.returns).toBe(1);
});

test('the sender is let go where its bytes can not be taken', async () => {
  const { seen, content } = source(byte);
  const take = async () => {
    for await (const _ of endWhenSilent(content, patient)) throw new Error('no room');
  };
  await expect(take()).rejects.toThrow('no room');
  expect(seen.returns).toBe(1);
});

test('a sender that stands still is not waited for, neither is its end', async () => {
  const { seen, content } = source(() => new Promise(() => {}));
  await expect(endWhenSilent(content, impatient).next()).rejects.toThrow(Refusal);
  expect(seen.returns).toBe(0);
});

test('a request behind an upload that was refused in its midst is answered', async () => {
  const app: App = async ({ body, target }) => {
    let read = 0;
    for await (const chunk of endWhenSilent(body ?? (async function* () {})(), patient)) {
      read += chunk.byteLength;
      if (read > 100_000) break;
    }
    return { status: read > 0 ? 413 : 200, headers: {}, body: `at ${target}` };
  };
  const server = createServer(
    serveApp(app, ({ thrown }) => ({ status: 500, headers: {}, body: String(thrown) })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = connect(address.port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  let said = '';
  socket.on('data', (part) => (said += String(part)));
  const length = 600_000;
  socket.write(`PUT /first HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n${'a'.repeat(length)}`);
  socket.write('GET /second HTTP/1.1\r\nhost: x\r\n\r\n');
  await waitFor(() => said.includes('at /first'), 'the first answer');
  await waitFor(() => said.includes('at /second'), 'the second answer');
  expect(said).toContain('413');
});
