import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listenLocally } from '../../agent/api/server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-socket-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the socket that asks for no token is opened by the agent’s user alone', async () => {
  const file = path.join(folder, 'agent.sock');
  const server = await listenLocally(async () => ({ status: 200, headers: {}, body: undefined }), file);
  try {
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  } finally {
    server.close();
  }
});
