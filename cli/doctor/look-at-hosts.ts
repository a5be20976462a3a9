import { createAgentClient } from '../../adapters/agent-client.ts';
import { createAgentFetch } from '../../adapters/network/agent-fetch.ts';
import { type Checked, errorsOf, fine, passedOver, warnings } from '../../core/check/checked.ts';
import { troublesOf } from '../../core/check/troubles-of.ts';
import type { Config } from '../../core/config/config.ts';
import { fingerprintOf } from '../../core/config/host-address.ts';
import { SECRETS } from '../../core/names.ts';
import { secretOf } from '../../core/serving/secret-of.ts';
import type { Surroundings } from '../surroundings.ts';

/** A host is asked this often, and so long each time. */
const ASKED = { attempts: 2, timeoutMs: 5_000 } as const;

/** Whether the agent of each host is there, takes the token and is of this version. */
export async function lookAtHosts(
  { environments }: Config,
  surroundings: Surroundings,
): Promise<readonly Checked[]> {
  const hosts = Object.entries(environments).flatMap(([name, { hosts: urls, fingerprints }]) =>
    urls.map((url) => ({ name, url, fingerprint: fingerprintOf(fingerprints, url) })),
  );
  if (hosts.length === 0) return [passedOver('hosts', 'There are no environments.')];
  const checked = await Promise.all(hosts.map((host) => lookAtHost(host, surroundings)));
  return checked.flat();
}

async function lookAtHost(
  {
    name,
    url,
    fingerprint,
  }: { readonly name: string; readonly url: string; readonly fingerprint: string | undefined },
  { env }: Surroundings,
): Promise<readonly Checked[]> {
  const subject = `${name} ${url}`;
  const token = secretOf(env[SECRETS.agentToken] ?? '', name) ?? '';
  const agent = createAgentClient({
    url,
    token,
    environment: name,
    ...ASKED,
    dependencies: { fetch: createAgentFetch(env, fingerprint) },
  });
  try {
    const state = await agent.state();
    const problems = troublesOf(state);
    return problems.length > 0
      ? warnings(subject, problems)
      : [fine(subject, `${state.host}, version ${state.agentVersion}, serves on ${state.dataPlane.address}`)];
  } catch (thrown) {
    return errorsOf(subject, thrown);
  }
}
