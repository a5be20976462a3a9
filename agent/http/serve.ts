import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type ApiAnswer, type App, beginCall, type Incoming } from './call.ts';

/** A request whose answer could not be made, or not be sent. */
export type Failure = { readonly method: string; readonly path: string; readonly thrown: unknown };

/**
 * Lets a server of Node's be answered by an application. Not by `Request` and `Response`: what Node loads for them is 5 MB of memory. Of a
 * failure `fail` is told, and gives what is sent where nothing has been yet; else the connection ends.
 */
export function serveApp(app: App, fail: (failure: Failure) => ApiAnswer): RequestListener {
  return (message, response) => {
    const leave = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) leave.abort();
      // What of a body nobody read would stand before the next request.
      message.resume();
    });
    const incoming = toIncoming(message, leave.signal);
    const isHead = incoming.method === 'HEAD';
    app(incoming)
      .then((answer) => send(response, answer, isHead))
      .catch((thrown: unknown) => {
        const { method, path } = beginCall(incoming);
        const instead = fail({ method, path, thrown });
        // Half an answer that ends as if it were whole would be taken for one.
        if (response.headersSent) throw thrown;
        for (const name of response.getHeaderNames()) response.removeHeader(name);
        return send(response, instead, isHead);
      })
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
  // Who left while the answer was made is gone for good: nothing closes any more.
  if (response.destroyed) return reader.cancel();
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
