import { exchangeHttp } from '../machine/exchange-http.ts';

const TIMEOUT_MS = 5_000;

/** Reads one page of Envoy's admin interface over its Unix socket. Rejects when it does not answer 200 in time. */
export async function readAdmin(socketPath: string, path: string): Promise<string> {
  const { status, text } = await exchangeHttp({
    ...{ url: `http://envoy${path}`, socketPath, timeoutMs: TIMEOUT_MS },
  });
  if (status === 200) return text;
  throw new Error(`Envoy answered ${status} at ${path}: ${text.slice(0, 200)}`);
}
