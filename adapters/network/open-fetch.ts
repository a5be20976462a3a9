import { createSecureContext, TLSSocket } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent, fetch as request } from 'undici';
import { readAuthorities, trustBeside } from './authorities.ts';
import { chooseProxy, type ProcessVariables } from './choose-proxy.ts';
import type { ClientCertificate } from './client-certificate.ts';
import { PinFailure } from './pin-failure.ts';
import { HostFailure, isProxysOwn, ProxyFailure } from './proxy-failure.ts';

/** A proxy has so long to make a tunnel, in ms: a request that is given up does not end the asking, which keeps the process alive. */
const TUNNEL_TIMEOUT_MS = 10_000;

type Fetch = typeof globalThis.fetch;
type Connector = ReturnType<typeof buildConnector>;
type Tls = { readonly secureContext?: ReturnType<typeof createSecureContext> };
/** What servers have to show, and what is shown to them. */
type Terms = {
  /** Authorities that are trusted beside Node's own. */
  readonly caFile: string | undefined;
  /** The own certificate with its key. */
  readonly client?: ClientCertificate | undefined;
  /** SHA-256 of the one certificate that is taken. */
  readonly fingerprint?: string | undefined;
};

/** A `fetch` that asks, request by request, whether a proxy leads there; each is connected to once. */
export function openFetch(env: ProcessVariables, terms: Terms): Fetch {
  const ends = readEnds(terms);
  const direct = new Agent({ connect: ends.pin(buildConnector(ends.host)) });
  const proxies = new Map<string, ProxyAgent>();
  const agentOf = (url: URL): Dispatcher => {
    const proxy = chooseProxy(url, env);
    if (proxy === undefined) return direct;
    const agent = proxies.get(proxy.href) ?? openProxy(proxy, ends);
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

/** How the host itself is spoken to, and a proxy on the way there, which is never shown what is the host's to see. */
type Ends = {
  readonly host: Tls & { readonly rejectUnauthorized?: boolean; readonly maxCachedSessions?: number };
  readonly proxy: Tls;
  readonly pin: (connect: Connector) => Connector;
};

/** Contexts are made once: they hold all of Node's certificates, and a connection would read each of them again. */
function readEnds({ caFile, client, fingerprint }: Terms): Ends {
  const ca = caFile === undefined ? undefined : [...trustBeside(readAuthorities(caFile))];
  const trust = ca && { ca };
  const proxy = trust === undefined ? {} : { secureContext: createSecureContext(trust) };
  const host = client === undefined ? proxy : { secureContext: createSecureContext({ ...trust, ...client }) };
  if (fingerprint === undefined) return { host, proxy, pin: (connect) => connect };
  // The pin stands in the place of authority and name. A session that is taken up again would show no certificate.
  const pinned = { ...host, rejectUnauthorized: false, maxCachedSessions: 0 };
  return { host: pinned, proxy, pin: (connect) => pinTo(fingerprint, connect) };
}

/** Connections to a server that has this certificate's key: with any other nothing is sent. */
function pinTo(fingerprint: string, connect: Connector): Connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.fingerprint256 : undefined;
      if (shown === fingerprint) return callback(null, socket);
      socket.destroy();
      callback(new PinFailure(fingerprint, shown), null);
    });
}

/** Plain http is forwarded and not tunnelled: many proxies allow tunnels to port 443 alone. */
function openProxy(proxy: URL, ends: Ends): ProxyAgent {
  return new ProxyAgent({
    uri: proxy.href,
    requestTls: ends.host,
    proxyTls: ends.proxy,
    factory: (origin, options) => new Pool(origin, pinThrough(options, ends)),
    proxyTunnel: false,
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: TUNNEL_TIMEOUT_MS }),
  });
}

/** What leads through a tunnel to the host is a connector already. */
function pinThrough(options: object, { pin }: Ends): Pool.Options {
  if (!('connect' in options) || typeof options.connect !== 'function') return options;
  const connect = options.connect;
  return { ...options, connect: pin((asked, callback) => connect(asked, callback)) };
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
