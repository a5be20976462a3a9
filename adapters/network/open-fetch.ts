import { createSecureContext } from 'node:tls';
import { Agent, type Dispatcher, Pool, ProxyAgent, fetch as request } from 'undici';
import { readAuthorities, trustBeside } from './authorities.ts';
import { chooseProxy, type ProcessVariables } from './choose-proxy.ts';
import { HostFailure, isProxysOwn, ProxyFailure } from './proxy-failure.ts';

/** A proxy has so long to make a tunnel, in ms: a request that is given up does not end the asking, which keeps the process alive. */
const TUNNEL_TIMEOUT_MS = 10_000;

type Fetch = typeof globalThis.fetch;
type Tls = { readonly secureContext?: ReturnType<typeof createSecureContext> };

/** A `fetch` that asks, request by request, whether a proxy leads there; each is connected to once. */
export function openFetch(env: ProcessVariables, caFile: string | undefined): Fetch {
  const tls = readTls(caFile);
  const direct = new Agent({ connect: tls });
  const proxies = new Map<string, ProxyAgent>();
  const agentOf = (url: URL): Dispatcher => {
    const proxy = chooseProxy(url, env);
    if (proxy === undefined) return direct;
    const agent = proxies.get(proxy.href) ?? openProxy(proxy, tls);
    proxies.set(proxy.href, agent);
    return agent;
  };
  // Chosen for each request sent, not once for a call: an answer may redirect to a host that has another way.
  const dispatcher = direct.compose(
    () => (options, handler) => agentOf(new URL(options.origin ?? '')).dispatch(options, handler),
  );
  const send: typeof request = async (input, init) => {
    const response = await request(input, { ...init, dispatcher }).catch((thrown: unknown) => {
      throw nameProxy(thrown, input, env);
    });
    await requireHost(response, env);
    return response;
  };
  // The boundary between Node's fetch and the same one of its own library: only their types have two names.
  return send as unknown as Fetch;
}

/** The context is made once: it holds all of Node's certificates, and a connection would read each of them again. */
function readTls(caFile: string | undefined): Tls {
  if (caFile === undefined) return {};
  return { secureContext: createSecureContext({ ca: [...trustBeside(readAuthorities(caFile))] }) };
}

/** Plain http is forwarded and not tunnelled: many proxies allow tunnels to port 443 alone. */
function openProxy(proxy: URL, tls: Tls): ProxyAgent {
  return new ProxyAgent({
    uri: proxy.href,
    requestTls: tls,
    proxyTls: tls,
    proxyTunnel: false,
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: TUNNEL_TIMEOUT_MS }),
  });
}

/** Rejects as an unanswered request does when the proxy answered a forwarded one in the place of its host. */
async function requireHost(response: Awaited<ReturnType<typeof request>>, env: ProcessVariables) {
  const url = new URL(response.url);
  const proxy = url.protocol === 'http:' ? chooseProxy(url, env) : undefined;
  if (proxy === undefined || !isProxysOwn(response)) return;
  await response.body?.cancel();
  throw new TypeError('fetch failed', { cause: new ProxyFailure(proxy, new HostFailure(response.status)) });
}

function nameProxy(thrown: unknown, input: Parameters<typeof request>[0], env: ProcessVariables): unknown {
  const proxy = chooseProxy(new URL(typeof input === 'object' && 'url' in input ? input.url : input), env);
  const isNetwork = thrown instanceof TypeError && thrown.cause !== undefined;
  if (proxy === undefined || !isNetwork) return thrown;
  return new TypeError(thrown.message, { cause: new ProxyFailure(proxy, thrown.cause) });
}
