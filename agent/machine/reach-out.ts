import http from 'node:http';
import https from 'node:https';
import { readAuthorities, trustBeside } from '../../adapters/network/authorities.ts';
import { chooseProxy, type ProcessVariables } from '../../adapters/network/choose-proxy.ts';
import { exchangeHttp, type HttpAnswer, type HttpExchange } from './exchange-http.ts';

/** One request and its answer, whatever its status; see `exchangeHttp`. */
export type Exchange = (exchange: HttpExchange) => Promise<HttpAnswer>;

/**
 * Exchanges with services beyond this host: through the proxy that `env` names for them, trusting the authorities of `caFile`
 * (PEM) beside Node's own. Throws a UserError when the file holds none. That this Node knows proxies was checked with the options.
 */
export function createExchange(env: ProcessVariables, caFile: string | undefined): Exchange {
  const ca = caFile === undefined ? undefined : [...trustBeside(readAuthorities(caFile))];
  return (exchange) => {
    const url = new URL(exchange.url);
    const proxy = chooseProxy(url, env);
    if (proxy === undefined && ca === undefined) return exchangeHttp(exchange);
    const way = {
      ...(ca !== undefined && { ca }),
      ...(proxy !== undefined && { proxyEnv: { http_proxy: proxy.href, https_proxy: proxy.href } }),
    };
    const agent = url.protocol === 'https:' ? new https.Agent(way) : new http.Agent(way);
    return exchangeHttp({ ...exchange, agent });
  };
}
