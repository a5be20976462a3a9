import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { renderFleetPage } from '../../core/serving/fleet/fleet-page.ts';
import { viewFleet } from '../../core/serving/fleet/view-fleet.ts';
import type { Printer } from '../surroundings.ts';
import { type WatchedHost, watchHosts } from './watch-hosts.ts';

/** Only this machine: what is served holds no token, and still says what serves where. */
const ADDRESS = '127.0.0.1';
const KEY_BYTES = 24;
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // The browser asks again by itself: no script is needed for it.
  refresh: '5',
} as const;

/**
 * Serves the table of hosts to a browser on this machine until the process is told to end. Agents are asked from here: no token comes
 * into the browser, and no agent has to let other pages ask it. The address holds a key, since every user of a machine reaches its ports,
 * and is answered under its own name alone, so that no other page's name can be made to lead here.
 */
export async function servePage(hosts: readonly WatchedHost[], print: Printer): Promise<number> {
  const stop = new AbortController();
  const watch = watchHosts(hosts, () => undefined, stop.signal);
  const path = `/${randomBytes(KEY_BYTES).toString('base64url')}`;
  const server = createServer(({ method, url = '', headers }, response) => {
    const isMeant = headers.host === name() && isSame(url, path);
    if (!isMeant) return void response.writeHead(404).end();
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET' }).end();
    response.writeHead(200, HEADERS).end(renderFleetPage(viewFleet(watch.sights(), Date.now())));
  });
  const name = () => {
    const address = server.address();
    return `${ADDRESS}:${typeof address === 'object' ? address?.port : ''}`;
  };
  server.listen(0, ADDRESS);
  await once(server, 'listening');
  print.line(`Open http://${name()}${path} in a browser on this machine; Ctrl-C ends.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  stop.abort();
  server.close();
  server.closeAllConnections();
  return 0;
}

function isSame(left: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}
