import { createServer, type IncomingMessage, request, type ServerResponse, STATUS_CODES } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** Clients (git's among them) send credentials only after a refusal that says how. */
const REFUSAL = { connection: 'close', 'proxy-authenticate': 'Basic realm="the proxy"' } as const;

/** One request that came to the proxy: `CONNECT` with host and port, or another method with the whole address. */
type ProxiedRequest = { readonly method: string; readonly target: string };

type ProxyOptions = {
  /** The loopback port that stands for each host name. No other name is known. */
  readonly hosts: Readonly<Record<string, number>>;
  /** `user:password` that it asks for. */
  readonly credentials?: string;
};

export type RunningProxy = {
  readonly host: string;
  readonly requests: readonly ProxiedRequest[];
  readonly stop: () => Promise<void>;
};

/** Starts an HTTP proxy on a free loopback port, as a company has one at its border: only it can resolve the hosts' names. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, response) => {
    requests.push({ method: incoming.method ?? '', target: incoming.url ?? '' });
    forward(options, incoming, response);
  });
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    requests.push({ method: 'CONNECT', target: incoming.url ?? '' });
    tunnel(options, incoming, socket);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  return {
    host: `127.0.0.1:${addressOf(server.address()).port}`,
    requests,
    stop: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}

function tunnel(options: ProxyOptions, incoming: IncomingMessage, socket: Socket): void {
  const port = portOf(options, incoming.url?.split(':')[0]);
  socket.on('error', () => socket.destroy());
  if (!isAllowed(options, incoming) || port === undefined) {
    refuse(socket, isAllowed(options, incoming) ? 502 : 407);
    return;
  }
  const onward = connect(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    onward.pipe(socket);
    socket.pipe(onward);
  });
  onward.once('error', () => (onward.bytesRead > 0 ? socket.destroy() : refuse(socket, 502)));
  socket.on('close', () => onward.destroy());
}

function refuse(socket: Socket, status: 407 | 502): void {
  const headers = Object.entries(REFUSAL).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join('')}\r\n`);
}

function forward(options: ProxyOptions, incoming: IncomingMessage, response: ServerResponse): void {
  const target = URL.parse(incoming.url ?? '');
  const port = portOf(options, target?.hostname);
  if (!isAllowed(options, incoming) || target === null || port === undefined) {
    answer(response, isAllowed(options, incoming) ? 502 : 407);
    return;
  }
  const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers;
  const path = `${target.pathname}${target.search}`;
  const onward = request({ host: '127.0.0.1', port, method: incoming.method, path, headers }, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers);
    answered.pipe(response);
  });
  onward.on('error', () => (response.headersSent ? response.destroy() : answer(response, 502)));
  incoming.pipe(onward);
}

function portOf({ hosts }: ProxyOptions, name: string | undefined): number | undefined {
  return name !== undefined && Object.hasOwn(hosts, name) ? hosts[name] : undefined;
}

function isAllowed({ credentials }: ProxyOptions, { headers }: IncomingMessage): boolean {
  if (credentials === undefined) return true;
  return headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status, REFUSAL).end();
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the proxy has no address');
  return address;
}
