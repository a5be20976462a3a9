import { chooseProxy, type ProcessVariables } from '../../adapters/network/choose-proxy.ts';
import { messageOf, type Problem } from '../../core/errors.ts';

/** The first Node whose own client goes through a proxy (nodejs.org, http.Agent, `proxyEnv`). */
const KNOWS_PROXIES = [24, 5] as const;

/** What keeps this Node from reaching `url` through the proxy that `env` names for it; nothing when none is named. */
export function checkProxy(url: string, env: ProcessVariables, nodeVersion: string): readonly Problem[] {
  try {
    if (chooseProxy(new URL(url), env) === undefined || knowsProxies(nodeVersion)) return [];
  } catch (thrown) {
    const remedy = 'Write it as http://host:port, or leave it out.';
    return [{ code: 'proxy-unusable', message: messageOf(thrown), remedy }];
  }
  return [
    {
      code: 'node-too-old',
      message: `Node ${nodeVersion} can't reach ${new URL(url).host} through a proxy.`,
      remedy: `Run the agent with Node ${KNOWS_PROXIES.join('.')} or newer, or exempt the host with NO_PROXY.`,
    },
  ];
}

function knowsProxies(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor, needMinor] = KNOWS_PROXIES;
  return major > needMajor || (major === needMajor && minor >= needMinor);
}
