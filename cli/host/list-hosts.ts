import { createAgentClient } from '../../adapters/agent-client.ts';
import { createAgentFetch } from '../../adapters/network/agent-fetch.ts';
import { fingerprintOf } from '../../core/config/host-address.ts';
import { ServiceError } from '../../core/errors.ts';
import type { AgentState } from '../../core/serving/api.ts';
import { tokenOf, trusting } from './add-host.ts';
import type { HostPlace } from './host-request.ts';

/** A host is asked this often, and so long each time. */
const ASKED = { attempts: 2, timeoutMs: 5_000 } as const;

/** Says of each host of the configuration what its agent says of itself, a line each. Gives the exit code: 1 where one is silent. */
export async function listHosts(place: HostPlace): Promise<number> {
  const { hosts, fingerprints, world } = place;
  const asked = [...hosts].flatMap(([environment, urls]) => urls.map((url) => ({ environment, url })));
  if (asked.length === 0) world.print.line('No environment has hosts: `host add` ends with what to write.');
  const told = await Promise.all(
    asked.map(async ({ environment, url }) => {
      const token = tokenOf(place, environment);
      const dependencies = { fetch: createAgentFetch(trusting(place), fingerprintOf(fingerprints, url)) };
      const agent = createAgentClient({ url, token, environment, ...ASKED, dependencies });
      const said = await say(() => agent.state());
      return { isWell: said.isWell, line: `${environment}  ${url}  ${said.text}` };
    }),
  );
  for (const { line } of told) world.print.line(line);
  return told.every(({ isWell }) => isWell) ? 0 : 1;
}

async function say(
  ask: () => Promise<AgentState>,
): Promise<{ readonly isWell: boolean; readonly text: string }> {
  try {
    const { host, agentVersion, traffic, instances, warnings = [] } = await ask();
    const models = Object.entries(traffic).map(([model, { stable, candidate, candidatePercent = 0 }]) => {
      const state = instances.find((one) => one.model === model && one.version === stable)?.state ?? 'gone';
      const beside = candidate === undefined ? '' : `, v${candidate} ${candidatePercent} %`;
      return `${model} ${stable === undefined ? 'nothing' : `v${stable} (${state})`}${beside}`;
    });
    const warned = warnings.map(({ code }) => `warns: ${code}`);
    const served = models.length === 0 ? ['serves nothing yet'] : models;
    return { isWell: true, text: `${host} ${agentVersion}: ${[...served, ...warned].join('; ')}` };
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown;
    return { isWell: false, text: `${thrown.problem.code}: ${thrown.problem.message}` };
  }
}
