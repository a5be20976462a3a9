import { caFileOf } from './authorities.ts';
import { type ProcessVariables, readVariable } from './choose-proxy.ts';

type Fetch = typeof globalThis.fetch;

/**
 * `fetch` as the environment wants it: through the proxy that it names for a host, and trusting the certificates that it names.
 * Where it names neither this is Node's own; the client that can do both is loaded at the first request that needs it.
 */
export function createFetch(env: ProcessVariables): Fetch {
  const isProxied = ['https_proxy', 'http_proxy'].some((name) => readVariable(env, name) !== '');
  const caFile = caFileOf(env);
  if (!isProxied && caFile === undefined) return globalThis.fetch;
  let opened: Promise<Fetch> | undefined;
  const open = async () => {
    const { openFetch } = await import(/* webpackMode: "eager" */ './open-fetch.ts');
    return openFetch(env, { caFile });
  };
  return async (input, init) => {
    opened ??= open();
    return (await opened)(input, init);
  };
}
