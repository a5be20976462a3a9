import { expect, test } from 'vitest';
import type { DeployOutcome } from '../../actions/deploy/outcomes.ts';
import { tellAddress } from '../../actions/deploy/tell-address.ts';
import type { AgentPort } from '../../core/ports.ts';
import { createWorld } from './support/deployment.ts';
import { showReport } from './support/show-report.ts';

const PROMOTED: DeployOutcome = {
  ...{ decision: 'complete', reasonCode: 'promoted', headline: 'It serves.', outputs: {}, result: {} },
  report: { sign: 'promoted', blocks: [{ kind: 'paragraph', text: 'It serves.' }] },
};

/** Hosts whose proxies listen there; `undefined` is one that does not answer. */
function hosts(...addresses: readonly (string | undefined)[]): readonly AgentPort[] {
  const [known] = createWorld([]).agents;
  return addresses.map((address, index) => {
    const state = async () => {
      if (address === undefined) throw new Error('away');
      return { ...(await known.state()), dataPlane: { address, healthy: true } };
    };
    const agent: AgentPort = { ...known, url: `https://serve-${index + 1}:9443`, state, urgent: () => agent };
    return agent;
  });
}

async function tell(outcome: DeployOutcome, ...addresses: readonly (string | undefined)[]) {
  return showReport((await tellAddress(outcome, hosts(...addresses), 'mnist')).report);
}

test('a promotion names where each host answers, and a request with its content type', async () => {
  const text = await tell(PROMOTED, '0.0.0.0:8080', '10.0.0.7:80', undefined);
  const call = (host: string) =>
    `curl http://${host}/predictions/mnist -H 'content-type: application/json' -d @request.json`;
  expect(text).toContain(call('serve-1:8080'));
  expect(text).toContain(call('10.0.0.7:80'));
  expect(text).not.toContain('serve-3');
  expect(text).not.toContain('--data-plane');
});

test('an address that only the host reaches is said to be one', async () => {
  expect(await tell(PROMOTED, '127.0.0.1:8080')).toContain('--data-plane 0.0.0.0:8080');
});

test('any other end, and hosts that say nothing, change nothing', async () => {
  expect(await tell({ ...PROMOTED, reasonCode: 'rolled-back' }, '0.0.0.0:8080')).not.toContain('curl');
  expect(await tell(PROMOTED, undefined)).not.toContain('curl');
});
