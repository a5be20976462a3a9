import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { scopeOf } from '../../agent/open-context.ts';
import { readOptions } from '../../agent/options/options.ts';
import { takeDown } from '../../agent/run-agent.ts';
import { spawnOrAdopt } from '../../agent/runtimes/process/handle.ts';

const folder = mkdtempSync(join(tmpdir(), 'ty-down-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what was ended is said by name, and that nothing ran', async () => {
  const options = readOptions(['--data-dir', folder], { TRAINYARD_AGENT_TOKENS: 'reader 0123456789abcdef' });
  const begin = (name: string) =>
    spawnOrAdopt({
      ...{ owner: `${scopeOf(options)}/${name}`, argv: ['sleep', '600'] },
      ...{ cwd: folder, env: {}, logFile: join(folder, 'log') },
    });
  const [server, proxy] = [await begin('model/mnist/7/8085'), await begin('envoy')];
  const told = await takeDown(options);
  expect(told).toContain(`the server of mnist version 7 (pid ${server.pid})`);
  expect(told).toContain(`the proxy (pid ${proxy.pid})`);
  expect(told).toContain('the next start of the agent brings back what serves');
  expect(await takeDown(options)).toContain(`Nothing ran for ${folder}.`);
});
