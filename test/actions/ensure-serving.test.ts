import { expect, test } from 'vitest';
import { ensureServing } from '../../actions/deploy/hosts/ensure-serving.ts';
import type { Startable } from '../../actions/serving/startable.ts';
import { createManualClock } from './support/manual-clock.ts';
import { createMemoryAgent, digestOf, type MemoryAgent } from './support/memory-agent.ts';

const VERSION_1: Startable = {
  ...{ model: 'mnist', version: '1', package: 'mnist@sha256:1' },
  fetch: () => Promise.reject(new Error('not asked for')),
  prove: async () => undefined,
};

/** A host that serves nothing, and what another job does there while the version starts. */
async function startOn(meanwhile: (host: MemoryAgent) => Promise<unknown>) {
  const host = createMemoryAgent('http://serve-1:9443', createManualClock());
  const start = async () => {
    for (const version of ['1', '2'])
      await host.startInstance('mnist', version, { manifest: digestOf(version) });
    await meanwhile(host);
    return { ok: true } as const;
  };
  await ensureServing({ start }, host, VERSION_1);
  return host.traffic?.stable;
}

test('a host that serves nothing gives all requests to the version that has started', async () => {
  expect(await startOn(async () => {})).toBe('1');
});

test('an order that came while it started stands', async () => {
  const order = { stable: '2', candidatePercent: 0, shadow: false };
  expect(await startOn((host) => host.setTraffic('mnist', order, undefined))).toBe('2');
});
