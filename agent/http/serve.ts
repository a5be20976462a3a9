import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ApiAnswer, App, Incoming } from './call.ts';

/** Lets a server of Node's be answered by an application. Not by `Request` and `Response`: what Node loads for them is 5 MB of memory. */
export function serveApp(app: App): RequestListener {
  return (message, response) => {
    const leave = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) leave.abort();
      // What of a body nobody read would stand before the next request.
      message.resume();
    });
    app(toIncoming(message, leave.signal))
      .then((answer) => send(response, answer, message.method === 'HEAD'))
      // Half an answer that ends as if it were whole would be taken for one.
      .catch(() => response.destroy());
  };
}

function toIncoming(message: IncomingMessage, gone: AbortSignal): Incoming {
  const { method = '', url = '', headers, socket } = message;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return {
    ...{ method, target: url, gone, socket },
    header: (name) => joinValues(message.rawHeaders, name),
    // Who has read enough of it answers: the connection is needed for that.
    body: hasBody ? message.iterator({ destroyOnReturn: false }) : undefined,
  };
}

/** Not by `headersDistinct`, which throws for a header called `__proto__` in Node before 24.14.1 (CVE-2026-21710). */
function joinValues(raw: readonly string[], name: string): string | undefined {
  // Names and values take turns.
  const values = raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);
  return values.length === 0 ? undefined : values.join(', ');
}

async function send(
  response: ServerResponse,
  { status, headers, body }: ApiAnswer,
  isHead: boolean,
): Promise<void> {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (isHead || body === undefined) response.end();
  else if (body instanceof ReadableStream) await sendStream(response, body);
  else response.end(body);
}

/** Part by part, as fast as they are taken, until either side ends it. */
async function sendStream(response: ServerResponse, body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  const over = Promise.withResolvers<void>();
  response.once('close', () => {
    over.resolve();
    reader.cancel().catch(() => undefined);
  });
  reader.closed.then(over.resolve, over.resolve);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (response.write(value)) continue;
    const { promise, resolve } = Promise.withResolvers<void>();
    response.once('drain', resolve);
    await Promise.race([promise, over.promise]);
    response.off('drain', resolve);
  }
  response.end();
}
