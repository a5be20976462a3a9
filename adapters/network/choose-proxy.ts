/** Variables of a process: those that say how it reaches the network are read in lower and in upper case, lower case first. */
export type ProcessVariables = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that a request to `url` goes through; `undefined` when it goes straight there. The rules are the GitHub runner's:
 * HTTPS_PROXY for https and HTTP_PROXY for http, none for loopback addresses, and none for what NO_PROXY names (a host with all
 * hosts below it, either with a port, or `*`). Throws when the variable holds no address.
 */
export function chooseProxy(url: URL, env: ProcessVariables): URL | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const text = readVariable(env, name);
  if (text === '' || isLoopback(url.hostname) || isExempt(url, readVariable(env, 'no_proxy')))
    return undefined;
  return parseProxy(text) ?? fail(name);
}

/** The value of a variable whose name is written in lower or in upper case; empty when neither is set. */
export function readVariable(env: ProcessVariables, name: string): string {
  return (env[name] || env[name.toUpperCase()] || '').trim();
}

/** What of the environment's proxy addresses is secret: each password, as it is and as it is written in the address. */
export function proxySecrets(env: ProcessVariables): readonly string[] {
  return ['https_proxy', 'http_proxy', 'all_proxy'].flatMap((name) => {
    const { password = '' } = parseProxy(readVariable(env, name)) ?? {};
    return password === '' ? [] : [password, decode(password)];
  });
}

/** A proxy may be written without a scheme; it is an http one then. */
function parseProxy(text: string): URL | undefined {
  const proxy = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  return proxy !== null && /^https?:$/.test(proxy.protocol) ? proxy : undefined;
}

/** The text of the variable is not quoted: it may hold a password. */
function fail(name: string): never {
  throw new Error(`The variable ${name} (or ${name.toUpperCase()}) holds no address of an http proxy.`);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || /^127\./.test(hostname) || hostname === '[::1]';
}

function isExempt({ hostname, protocol, port }: URL, list: string): boolean {
  const host = hostname.toLowerCase();
  const hostAndPort = `${host}:${port || (protocol === 'https:' ? '443' : '80')}`;
  return list
    .split(/[\s,]+/)
    .map((item) => item.toLowerCase().replace(/^\*?\./, ''))
    .filter((item) => item !== '')
    .some(
      (item) => item === '*' || [host, hostAndPort].some((one) => one === item || one.endsWith(`.${item}`)),
    );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
