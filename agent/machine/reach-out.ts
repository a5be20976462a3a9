import http from 'node:http';
import https from 'node:https';
import { readAuthorities, trustBeside } from '../../adapters/network/authorities.ts';
import { chooseProxy, type ProcessVariables } from '../../adapters/network/choose-proxy.ts';
import { UserError } from '../../core/errors.ts';
import { exchangeHttp, type HttpAnswer, type HttpExchange } from './exchange-http.ts';

/** The first Node whose own client goes through a proxy (nodejs.org, http.Agent, `proxyEnv`). */
const KNOWS_PROXIES = [24, 5] as const;

/** One request and its answer, whatever its status; see `exchangeHttp`. */
export type Exchange = (exchange: HttpExchange) => Promise<HttpAnswer>;

/**
 * Exchanges with services beyond this host: through the proxy that `env` names for them, trusting the authorities of `caFile`
 * (PEM) beside Node's own. Throws a UserError when the file holds none, or when this Node knows no proxies.
 */
export function createExchange(env: ProcessVariables, caFile: string | undefined): Exchange {
  const ca = caFile === undefined ? undefined : [...trustBeside(readAuthorities(caFile))];
  return (exchange) => {
    const url = new URL(exchange.url);
    const proxy = chooseProxy(url, env);
    if (proxy === undefined && ca === undefined) return exchangeHttp(exchange);
    if (proxy !== undefined) checkNode(process.versions.node);
    const way = {
      ...(ca !== undefined && { ca }),
      ...(proxy !== undefined && { proxyEnv: { http_proxy: proxy.href, https_proxy: proxy.href } }),
    };
    const agent = url.protocol === 'https:' ? new https.Agent(way) : new http.Agent(way);
    return exchangeHttp({ ...exchange, agent });
  };
}

function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor, needMinor] = KNOWS_PROXIES;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new UserError([
    {
      code: 'node-too-old',
      message: `Node ${version} can't reach a service through a proxy.`,
      remedy: `Run the agent with Node ${KNOWS_PROXIES.join('.')} or newer, or exempt the host with NO_PROXY.`,
    },
  ]);
}
