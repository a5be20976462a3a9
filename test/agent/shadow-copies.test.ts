import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shadowClusterName } from '../../agent/envoy/traffic-plan.ts';
import { captureFolder } from '../../agent/instances/launch.ts';
import { MODEL, useCanaryHost } from './support/canary-host.ts';
import { counted } from './support/fake-context.ts';

const canary = useCanaryHost();
const COPIES = shadowClusterName(MODEL, '2');

/** The proxy has counted so many requests of each version and copies in all, so many of the copies being open; 5 s pass. */
async function look(
  requests: Readonly<Record<'stable' | 'candidate' | 'copies', number>>,
  open = 0,
): Promise<void> {
  const { world } = canary.host;
  world.now += 5_000;
  world.counters.set(`${MODEL}@1`, counted(requests.stable));
  world.counters.set(`${MODEL}@2`, counted(requests.candidate));
  world.counters.set(COPIES, { ...counted(requests.copies), sent: requests.copies + open, active: open });
  await canary.agent.observeAndJudge();
}

async function share(candidatePercent: number, shadow: boolean): Promise<void> {
  const wanted = { ...canary.canary('r1'), candidatePercent, shadow };
  await canary.agent.setTraffic(MODEL, wanted, canary.traffic()?.revision);
}

/** What a worker of the candidate has counted of invalid answers. */
function capture(invalidAnswers: number, invalidCopies: number): void {
  const folder = captureFolder(canary.host.folder, MODEL, '2');
  const at = canary.host.context.clock.now();
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'worker.json'),
    JSON.stringify({
      ...{ schema: 'trainyard.capture/1', model: MODEL, version: '2', worker: 'worker', startedAt: at, at },
      ...{ n: 100, invalid: invalidAnswers + invalidCopies, invalidAnswers, invalidCopies, refused: 0 },
      ...{ features: {}, prediction: { counts: [100] } },
    }),
  );
}

const last = () => canary.observations('r1').at(-1);

describe('copies of requests', () => {
  test('are observed apart from requests, with those that are open', async () => {
    await share(0, true);
    await look({ stable: 30, candidate: 0, copies: 20 }, 10);
    expect(last()).toMatchObject({
      candidate: { requests: 0 },
      copies: { ended: { requests: 20, errors: 0 }, open: 10 },
    });
    await look({ stable: 60, candidate: 0, copies: 45 }, 15);
    expect(last()).toMatchObject({ copies: { ended: { requests: 25 }, open: 15 } });
  });

  test('are no requests of the candidate, though they end once it has some', async () => {
    await share(0, true);
    await look({ stable: 30, candidate: 0, copies: 20 }, 10);
    await share(50, false);
    await look({ stable: 45, candidate: 15, copies: 24 }, 6);
    expect(last()).toMatchObject({
      weights: { candidate: 50 },
      candidate: { requests: 15 },
      copies: { ended: { requests: 4 }, open: 6 },
    });
    await look({ stable: 60, candidate: 30, copies: 30 });
    expect(last()).toMatchObject({
      candidate: { requests: 15 },
      copies: { ended: { requests: 6 }, open: 0 },
    });
    await look({ stable: 75, candidate: 45, copies: 30 });
    expect(last()).toMatchObject({ candidate: { requests: 15 } });
    expect(last()).not.toHaveProperty('copies');
  });

  test('were answered invalidly by themselves, however late a worker says so', async () => {
    await share(0, true);
    capture(0, 0);
    await look({ stable: 30, candidate: 0, copies: 28 }, 2);
    await share(50, false);
    capture(1, 2);
    await look({ stable: 45, candidate: 15, copies: 30 });
    expect(last()).toMatchObject({ candidate: { invalid: 1 }, copies: { ended: { invalid: 2 } } });
  });

  test('that are sent while the agent is away are counted once it is back', async () => {
    await share(0, true);
    await look({ stable: 30, candidate: 0, copies: 20 }, 10);
    canary.restartAgent();
    await look({ stable: 90, candidate: 0, copies: 90 });
    expect(last()).toMatchObject({ copies: { ended: { requests: 70 }, open: 0 } });
  });
});
