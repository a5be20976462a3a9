import type { AgentPort } from '../../core/ports.ts';
import type { Block } from '../../core/report/report.ts';
import type { DeployOutcome } from './outcomes.ts';

/** Addresses that stand for all of a host's, and those that only the host itself reaches. */
const ANY = /^(?:0\.0\.0\.0|\[?::\]?)$/;
const OWN = /^(?:127\.|\[?::1\]?$|localhost$)/;

/**
 * The outcome of a promotion, and where the version can be asked now, with a request to begin with. It is for people: a host that does not
 * say where it listens is left out.
 */
export async function tellAddress(
  outcome: DeployOutcome,
  agents: readonly AgentPort[],
  model: string,
): Promise<DeployOutcome> {
  if (outcome.reasonCode !== 'promoted') return outcome;
  const asked = agents.map(async (agent) => {
    const { dataPlane } = await agent.urgent().state();
    return addressOf(new URL(agent.url).hostname, dataPlane.address);
  });
  const told = await Promise.allSettled(asked);
  const addresses = told.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (addresses.length === 0) return outcome;
  const { report } = outcome;
  return { ...outcome, report: { ...report, blocks: [...report.blocks, ...describe(addresses, model)] } };
}

type Address = { readonly host: string; readonly own: boolean };

/** Where a host takes predictions, as others reach it where they can. */
function addressOf(hostname: string, address: string): Address {
  const colon = address.lastIndexOf(':');
  const [name, port] = [address.slice(0, colon), address.slice(colon + 1)];
  return { host: `${ANY.test(name) ? hostname : name}:${port}`, own: OWN.test(name) };
}

function describe(addresses: readonly Address[], model: string): readonly Block[] {
  const calls = addresses.map(
    ({ host }) =>
      `curl http://${host}/predictions/${model} -H 'content-type: application/json' -d @request.json`,
  );
  const own = addresses.some((address) => address.own)
    ? ' An address of 127.0.0.1 is reached from the host itself: `--data-plane 0.0.0.0:8080` of its agent opens it.'
    : '';
  return [
    { kind: 'paragraph', text: [{ kind: 'strong', text: 'Where it answers' }] },
    { kind: 'code', text: calls.join('\n') },
    {
      kind: 'paragraph',
      text: `\`request.json\` is what MLflow's own server takes: \`{"inputs": …}\`, or \`{"dataframe_records": [{…}]}\` for a table.${own}`,
    },
  ];
}
