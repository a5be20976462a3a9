import { messageOf } from '../../core/errors.ts';

/** The proxy could not reach the host, and nothing of the request was sent there. */
export const HOST_DOWN = 'ERR_PROXY_HOST_DOWN';
/** The proxy got no answer of the host; the request may have been sent there. */
export const HOST_LOST = 'ERR_PROXY_HOST_LOST';

const NO_TUNNEL = /^Proxy response \((\d+)\)/;
const NO_HOST = new Set([502, 503, 504]);

/** A request that did not get beyond its proxy. `code` is the system's or one of those above, where it was one. */
export class ProxyFailure extends Error {
  override readonly name = 'ProxyFailure';
  readonly code: string | undefined;

  /** Only the proxy's host and port are named: its address may hold a password. */
  constructor(proxy: URL, cause: unknown) {
    const origin = innermost(cause);
    const code = 'code' in origin && typeof origin.code === 'string' ? origin.code : undefined;
    // A code of a library's own says less than its words, which hold what the proxy answered.
    const said =
      code === undefined || /^(UND_ERR|ERR_PROXY|ERR_CERTIFICATE)_/.test(code) ? messageOf(origin) : code;
    super(`through the proxy ${proxy.host}: ${said}`, { cause });
    this.code = NO_HOST.has(Number(NO_TUNNEL.exec(origin.message)?.[1])) ? HOST_DOWN : code;
  }
}

/** A forwarded request that the proxy answered itself, since the host did not. */
export class HostFailure extends Error {
  override readonly name = 'HostFailure';
  /** 503 says that the request was not acted upon, whoever answers it. */
  readonly code: string;

  constructor(status: number) {
    super(`the proxy answered ${status}`);
    this.code = status === 503 ? HOST_DOWN : HOST_LOST;
  }
}

/** Whether an answer to a forwarded request is the proxy's word that the host is down: services say what fails in JSON. */
export function isProxysOwn({ status, headers }: Pick<Response, 'status' | 'headers'>): boolean {
  return NO_HOST.has(status) && !/json/i.test(headers.get('content-type') ?? '');
}

function innermost(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(messageOf(thrown));
  return thrown.cause instanceof Error ? innermost(thrown.cause) : thrown;
}
