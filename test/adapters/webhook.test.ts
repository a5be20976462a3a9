import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWebhook } from '../../adapters/webhook.ts';
import type { Notice } from '../../core/monitor/notice/notice.ts';

const NOTICE: Notice = {
  ...{ model: 'mnist', environment: 'production', action: 'investigate', wanted: 'investigate' },
  ...{ codes: ['host-lost'], isOver: false, title: 'mnist in production: Needs a look' },
  ...{ explanation: 'A host is silent.', remedy: 'Look.', reasons: [], runUrl: 'https://github.test/run' },
  at: '2026-11-21T12:00:00.000Z',
};
const NOW = { wait: async () => undefined, random: () => 0 };

let server: Server;
let answers: number[];
let asked: { readonly path: string | undefined; readonly body: Record<string, unknown> }[];

beforeEach(async () => {
  answers = [];
  asked = [];
  server = createServer(async (request, response) => {
    asked.push({ path: request.url, body: JSON.parse(await text(request)) });
    response.writeHead(answers.shift() ?? 202).end(`no_service at ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => server.close());

function addressOf(path: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return `http://127.0.0.1:${address.port}${path}`;
}

test('a notice is posted as it is', async () => {
  await createWebhook(addressOf('/hook?routing_key=mine'), 'json', NOW)(NOTICE);
  expect(asked).toEqual([
    { path: '/hook?routing_key=mine', body: { schema: 'trainyard.notice/1', ...NOTICE } },
  ]);
});

test('PagerDuty’s key goes into the body, and the same event is sent again where it may be lost', async () => {
  answers = [502, 500];
  await createWebhook(addressOf('/v2/enqueue?routing_key=abc'), 'pagerduty', NOW)(NOTICE);
  expect(asked.map(({ path, body }) => [path, body['routing_key']])).toEqual(
    Array.from({ length: 3 }, () => ['/v2/enqueue', 'abc']),
  );
});

test('what is told to people is sent again, too: twice is better than never', async () => {
  answers = [502, 429];
  await createWebhook(addressOf('/hook'), 'slack', NOW)(NOTICE);
  expect(asked).toHaveLength(3);
});

test('an error quotes the answer and names the host, and not the path, which is a secret', async () => {
  answers = [404];
  const sent = createWebhook(addressOf('/services/T0/B0/SECRET'), 'slack', NOW)(NOTICE);
  await expect(sent).rejects.toThrow(/404: no_service/);
  await expect(sent).rejects.toMatchObject({
    problem: {
      where: { kind: 'endpoint', endpoint: expect.stringMatching(/^POST http:\/\/127\.0\.0\.1:\d+$/) },
    },
  });
  const error = await sent.catch((thrown: unknown) => thrown);
  expect(JSON.stringify(error) + String(error)).not.toContain('SECRET');
});

test.each(['hooks.slack.test/services/x', 'ftp://x/', 'xoxb'])('%s is no address', async (address) => {
  await expect(createWebhook(address, 'slack', NOW)(NOTICE)).rejects.toThrow(/begins with https/);
});
