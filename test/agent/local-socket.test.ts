import { statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { listen, listenLocally } from '../../agent/api/server.ts';
import { askLocally } from '../../agent/ask-locally.ts';
import { localSocket } from '../../agent/options/options.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

let host: FakeHost;
beforeEach(() => {
  host = openFakeHost({ listen: '127.0.0.1:0' });
});
afterEach(() => host.close());

const FAILED = 'warning: GET /v1/state: the disk is gone';
const failing = async () => {
  throw new Error('the disk is gone');
};

test('the socket that asks for no token is opened by the agent’s user alone', async () => {
  const file = path.join(host.folder, 'agent.sock');
  const app = async () => ({ status: 200, headers: {}, body: undefined });
  const server = await listenLocally(app, host.context.log, file);
  try {
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  } finally {
    server.close();
  }
});

test('an answer that can not be given there is a problem, and in the log', async () => {
  const server = await listenLocally(failing, host.context.log, localSocket(host.folder));
  try {
    const asked = askLocally(host.folder, { path: '/v1/state', method: 'GET' });
    await expect(asked).rejects.toThrow('The agent failed at this request.');
    expect(host.world.log).toContain(FAILED);
  } finally {
    server.close();
  }
});

test('neither is one of the control API lost silently; what was asked behind the path is not told', async () => {
  const server = await listen(failing, createAgent(host.context));
  try {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const answer = await fetch(`http://127.0.0.1:${address.port}/v1/state?of=secret`);
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ code: 'internal' });
    expect(host.world.log).toContain(FAILED);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
