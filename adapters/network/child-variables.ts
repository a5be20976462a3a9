import { trustVariables } from './authorities.ts';
import { type ProcessVariables, readVariable } from './choose-proxy.ts';

/** What never goes through a proxy: programs other than ours have to be told. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/**
 * The variables that let programs started with `env` reach the network as this one does: the proxy in both cases, since curl
 * reads one and Java the other, and a file in `folder` with all certificates to trust. Nothing where the environment names neither. `warn` hears which certificates are left out.
 */
export function childVariables(
  env: ProcessVariables,
  folder: string,
  warn: (line: string) => void,
): Readonly<Record<string, string>> {
  return { ...proxyVariables(env), ...trustVariables(env, folder, warn) };
}

function proxyVariables(env: ProcessVariables): Readonly<Record<string, string>> {
  const proxies = ['https_proxy', 'http_proxy'].flatMap((name) => inBothCases(name, readVariable(env, name)));
  if (proxies.length === 0) return {};
  const exempt = [readVariable(env, 'no_proxy'), ...LOOPBACK].filter((item) => item !== '').join(',');
  return Object.fromEntries([...proxies, ...inBothCases('no_proxy', exempt)]);
}

function inBothCases(name: string, value: string): readonly (readonly [string, string])[] {
  if (value === '') return [];
  return [
    [name, value],
    [name.toUpperCase(), value],
  ];
}
