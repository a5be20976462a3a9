import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp, listen } from '../../agent/api/server.ts';
import { problemSchema } from '../../core/serving/api.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

/** A wait that passes when the test says so. */
type Wait = { readonly milliseconds: number; readonly pass: () => void; readonly isOver: () => boolean };

let host: FakeHost;
let server: Server;
let waits: Wait[];
let waited: PromiseWithResolvers<void>;
beforeEach(async () => {
  host = openFakeHost({ listen: '127.0.0.1:0', 'upload-idle-seconds': '30' });
  waits = [];
  waited = Promise.withResolvers();
  const wait = (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      let isOver = false;
      const end = (settle: () => void) => () => {
        isOver = true;
        settle();
      };
      signal?.addEventListener(
        'abort',
        end(() => reject(new Error('aborted'))),
      );
      waits.push({ milliseconds, pass: end(resolve), isOver: () => isOver });
      waited.resolve();
    });
  const context = { ...host.context, clock: { ...host.context.clock, wait } };
  const agent = createAgent(context);
  server = await listen(createApp(agent), agent);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  host.close();
});

const CONTENT = Buffer.from('a package that comes byte by byte');
const DIGEST = `sha256:${createHash('sha256').update(CONTENT).digest('hex')}`;

function upload(): { readonly outgoing: ClientRequest; readonly answer: Promise<IncomingMessage> } {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const outgoing = request({
    ...{ host: '127.0.0.1', port: address.port, method: 'PUT', path: `/v1/packages/${DIGEST}` },
    headers: { authorization: `Bearer ${TOKENS.deployer}`, 'content-length': CONTENT.length },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  return { outgoing, answer };
}

/** The wait that the agent begins next, for the next bytes. */
async function nextWait(): Promise<Wait> {
  const before = waits.length;
  while (waits.length === before) {
    waited = Promise.withResolvers();
    if (waits.length === before) await waited.promise;
  }
  const wait = waits.at(-1);
  if (wait === undefined) throw new Error('no wait');
  return wait;
}

test('an upload takes as long as it needs while bytes come', async () => {
  const { outgoing, answer } = upload();
  for (const byte of CONTENT) {
    const wait = nextWait();
    outgoing.write(Buffer.from([byte]));
    expect((await wait).milliseconds).toBe(30_000);
    // Nearly as long as it may stand still; the byte that comes then ends the wait.
    host.world.now += 29_000;
  }
  outgoing.end();
  expect((await answer).statusCode).toBe(201);
  expect(host.context.blobs.has(DIGEST)).toBe(true);
  expect(waits.filter(({ isOver }) => !isOver())).toEqual([]);
});

test('one that stands still is refused, and leaves nothing', async () => {
  const { outgoing, answer } = upload();
  const wait = nextWait();
  outgoing.write(CONTENT.subarray(0, 5));
  await wait;
  while (waits.length < 2) await nextWait();
  waits.at(-1)?.pass();
  const response = await answer;
  expect(response.statusCode).toBe(408);
  expect(response.headers['connection']).toBe('close');
  const chunks = await response.toArray();
  expect(problemSchema.parse(JSON.parse(Buffer.concat(chunks).toString())).code).toBe('upload-stalled');
  expect(host.context.blobs.has(DIGEST)).toBe(false);
  expect(readdirSync(join(host.folder, 'packages', 'incoming'))).toEqual([]);
});

test('the largest package has the time that it takes over a slow link', () => {
  const { maxPackageBytes } = host.context.options;
  const atOneMegabit = maxPackageBytes / 125_000;
  expect(server.requestTimeout).toBeGreaterThan(1_000 * atOneMegabit);
  expect(server.requestTimeout).toBeLessThan(2_000 * atOneMegabit);
});
