import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http, { type Server } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createAgent } from '../../../agent/agent.ts';
import { createApp } from '../../../agent/api/server.ts';
import { serveApp } from '../../../agent/http/serve.ts';
import { createPrivateCa } from '../../../sandbox/network/private-ca.ts';
import { openFakeHost } from '../../agent/support/fake-context.ts';

/** The control API of an agent, with these options, on a port of this machine. Gives its address. */
export async function startAgentApi(options: Readonly<Record<string, string>> = {}): Promise<string> {
  const host = openFakeHost(options);
  onTestFinished(() => host.close());
  const app = createApp(createAgent(host.context));
  const serve = serveApp(app, ({ thrown }) => ({ status: 500, headers: {}, body: String(thrown) }));
  return listen(http.createServer(serve), 'http');
}

/** A server whose certificate nobody here trusts. Gives its address. */
export async function startStrangeTls(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { cert, key } = createPrivateCa(folder).issue('localhost');
  const tls = { cert: readFileSync(cert), key: readFileSync(key) };
  return listen(
    https.createServer(tls, (_, response) => response.end('{}')),
    'https',
    'localhost',
  );
}

/** A server that answers everything with this status. Gives its address. */
export async function startRefusing(status: number): Promise<string> {
  return listen(
    http.createServer((_, response) => response.writeHead(status).end('no')),
    'http',
  );
}

async function listen(server: Server | https.Server, scheme: string, name = '127.0.0.1'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `${scheme}://${name}:${typeof address === 'object' ? address?.port : ''}`;
}
