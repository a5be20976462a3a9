import type { Server } from 'node:http';
import { PROBLEM_TYPE, problemOf } from './refusal.ts';

/** What Node's parser says of a request that it could not read, by its code; all else is 400. */
const REASONS = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'headers-too-large',
    message: 'The headers are larger than 16 KiB.',
    remedy: 'Send fewer or shorter ones: a token and a content type are enough.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'request-timeout',
    message: 'The headers, or the rest of the request, did not come in time.',
    remedy: 'Send it again, at once.',
  },
} as const;

const UNREADABLE = {
  status: 400,
  code: 'request-unreadable',
  message: 'This is no request of HTTP/1.1.',
  remedy: 'See that the client speaks HTTP here, not TLS or HTTP/2, and that its proxy changes nothing.',
} as const;

const UNKNOWN_EXPECTATION = {
  status: 417,
  code: 'unknown-expectation',
  message: 'The header expect asks for something else than 100-continue.',
  remedy: 'Leave it out.',
} as const;

/** Lets a server answer with problem details also where no route hears of a request: its parser ends it before. */
export function answerUnread(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Whoever is gone, or has half an answer, is told nothing more.
    const isAnswered = 'bytesWritten' in socket && Number(socket.bytesWritten) > 0;
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswered) return void socket.destroy();
    const reason = Object.entries(REASONS).find(([code]) => code === error.code)?.[1] ?? UNREADABLE;
    const body = JSON.stringify(problemOf(reason));
    const head = [
      `HTTP/1.1 ${reason.status} ${problemOf(reason).title}`,
      ...['connection: close', `content-type: ${PROBLEM_TYPE}`, `content-length: ${Buffer.byteLength(body)}`],
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
  server.on('checkExpectation', (_, response) => {
    response.writeHead(417, { 'content-type': PROBLEM_TYPE, connection: 'close' });
    response.end(JSON.stringify(problemOf(UNKNOWN_EXPECTATION)));
  });
}
