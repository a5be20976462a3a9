import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { problemSchema } from '../../core/serving/api.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

vi.mock('node:zlib', async (original) => ({
  ...(await original<typeof import('node:zlib')>()),
  gzip: (_: string, done: (error: Error) => void) => done(new Error('no memory')),
}));

let host: FakeHost;
beforeEach(() => {
  host = openFakeHost();
});
afterEach(() => host.close());

test('where an answer can not be packed, the problem that comes in its place is not said to be', async () => {
  const answer = await askApp(createApp(createAgent(host.context)), '/openapi.json', {
    headers: { 'accept-encoding': 'gzip' },
  });
  expect(answer.status).toBe(500);
  expect(answer.headers.get('content-encoding')).toBeNull();
  expect(problemSchema.parse(await answer.json()).code).toBe('internal');
  expect(host.world.log).toContain('warning: GET /openapi.json: no memory');
});
