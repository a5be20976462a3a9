import { messageOf } from '../../core/errors.ts';

/** A request that did not get beyond its proxy. `code` is the system's, where it was one. */
export class ProxyFailure extends Error {
  override readonly name = 'ProxyFailure';
  readonly code: string | undefined;

  /** Only the proxy's host and port are named: its address may hold a password. */
  constructor(proxy: URL, cause: unknown) {
    const origin = innermost(cause);
    const code = 'code' in origin && typeof origin.code === 'string' ? origin.code : undefined;
    // A code of the client library's own says less than its words, which hold what the proxy answered.
    const said = code === undefined || code.startsWith('UND_ERR_') ? messageOf(origin) : code;
    super(`through the proxy ${proxy.host}: ${said}`, { cause });
    this.code = code;
  }
}

function innermost(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(messageOf(thrown));
  return thrown.cause instanceof Error ? innermost(thrown.cause) : thrown;
}
