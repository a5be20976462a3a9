import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp, listen } from '../../agent/api/server.ts';
import { COMMANDS } from '../../cli/commands.ts';
import { auditHosts } from '../../cli/ledger/audit-hosts.ts';
import { readCommand } from '../../cli/read-command.ts';
import { fingerprintsOf } from '../../core/config/host-address.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { createPrivateCa } from '../../sandbox/network/private-ca.ts';
import { fold } from '../core/ledger/ledger-support.ts';
import { openFakeHost } from './support/fake-context.ts';

// Nobody trusts the authority of this host: it is reached by its pin alone.
let folder: string;
let url: string;
let config: string;
let close: () => void;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  const { cert, key } = createPrivateCa(join(folder, 'ca')).issue('another.name.test');
  const host = openFakeHost({ listen: '127.0.0.1:0', 'tls-cert': cert, 'tls-key': key });
  // Streams look at the world in real time here.
  Object.assign(host.context.clock, {
    wait: (ms: number, signal?: AbortSignal) => sleep(Math.min(ms, 50), undefined, signal && { signal }),
  });
  const agent = createAgent(host.context);
  const server = await listen(createApp(agent), agent);
  const address = server.address();
  url = `https://localhost:${typeof address === 'object' ? address?.port : 0}`;
  const fingerprint = new X509Certificate(readFileSync(cert)).fingerprint256;
  const hosts = JSON.stringify([{ url: url.replace('localhost', 'LocalHost'), fingerprint }]);
  config = `version: 1\nmodel: mnist\nenvironments: { production: { hosts: ${hosts} } }\n`;
  close = () => {
    server.closeAllConnections();
    server.close();
    host.close();
  };
});
afterAll(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => writeFileSync(join(folder, 'trainyard.yml'), config));

function top(...args: readonly string[]) {
  const lines: string[] = [];
  const print = {
    line: (text: string) => void lines.push(text),
    trouble: () => undefined,
    annotate: () => undefined,
  };
  const asked = readCommand(['top', '--json', ...args], COMMANDS);
  if (asked.kind !== 'run') throw new Error('It asks for help.');
  const env = { TRAINYARD_AGENT_TOKEN: TOKENS.reader };
  const world = { root: ROOT, cwd: folder, env, print, terminal: undefined };
  return { lines, end: asked.command.run(asked.given, world) };
}

test('top holds a host to its pin however its address is written, and knows its environment', async () => {
  for (const written of [url, `${url}/`, url.replace('localhost', 'LOCALHOST')]) {
    const { lines, end } = top('--host', written);
    expect(await end).toBe(0);
    expect(JSON.parse(lines.join('')).hosts).toMatchObject([{ state: 'live', environment: 'production' }]);
  }
});

test('a trainyard.yml that can’t be read stops top also where the host is named, and one that is not there does not', async () => {
  writeFileSync(join(folder, 'trainyard.yml'), 'version: 1\nenvironments: {');
  await expect(top('--host', url).end).rejects.toThrow(/trainyard\.yml/);
  rmSync(join(folder, 'trainyard.yml'));
  expect(await top('--host', url).end).toBe(1);
});

test('an audit of the ledger asks a host by its pin', async () => {
  const { environments } = read(config);
  const hosts = { addresses: [`${url}/`], token: TOKENS.reader, env: {} };
  expect(await auditHosts(fold([]), { ...hosts, fingerprints: fingerprintsOf(environments) })).toEqual([]);
  expect(await auditHosts(fold([]), { ...hosts, fingerprints: {} })).toMatchObject([{ code: 'host-silent' }]);
});

function read(text: string) {
  const parsed = parseConfig(text, { file: 'trainyard.yml', env: {}, needs: [], only: ['environments'] });
  if (parsed.ok) return parsed.value;
  throw new Error('It is a configuration.');
}
