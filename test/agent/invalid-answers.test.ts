import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { captureFolder } from '../../agent/instances/launch.ts';
import { closeWindows } from '../../agent/windows/close-windows.ts';
import { readCapture } from '../../agent/windows/read-capture.ts';
import { counted, type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const MODEL = 'mnist';
const HOUR_MS = 3_600_000;

let host: FakeHost;
let agent: Agent;
let requests = 0;
beforeEach(async () => {
  host = openFakeHost();
  agent = createAgent(host.context);
  requests = 0;
  await agent.startInstance(MODEL, '1', { manifest: await storePackage(host.context, '1') });
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  await agent.setTraffic(MODEL, { stable: '1', candidatePercent: 0, shadow: false }, undefined);
});
afterEach(() => host.close());

const folder = () => captureFolder(host.folder, MODEL, '1');

/** What a worker writes when it has answered invalidly so many times. */
function write(worker: string, invalidAnswers: number): void {
  const at = host.context.clock.now();
  mkdirSync(folder(), { recursive: true });
  writeFileSync(
    join(folder(), `${worker}.json`),
    JSON.stringify({
      ...{ schema: 'trainyard.capture/1', model: MODEL, version: '1', worker, startedAt: at, at },
      ...{ n: 100, invalid: invalidAnswers, invalidAnswers, refused: 0, features: {} },
      prediction: { counts: [100] },
    }),
  );
}

/** An hour later a thousand more requests have been answered; gives the invalid ones among all of the rollout. */
async function lookAgain(): Promise<number | undefined> {
  host.world.now += HOUR_MS;
  requests += 1_000;
  host.world.counters.set(`${MODEL}@1`, counted(requests));
  await agent.observeAndJudge();
  closeWindows(host.context);
  return host.context.store
    .observations(MODEL, undefined, 0)
    .reduce((sum, { stable }) => sum + stable.invalid, 0);
}

describe('the invalid answers of a version', () => {
  test('are counted once, though the file of an ended or idle worker is dropped', async () => {
    await lookAgain();
    write('ended', 50);
    write('idle', 7);
    write('alive', 5);
    expect(await lookAgain()).toBe(57 + 5);
    for (let hour = 0; hour < 30; hour++) {
      write('alive', 5);
      await lookAgain();
    }
    expect(readCapture(folder()).map(({ worker }) => worker)).toEqual(['alive.json']);
    expect(await lookAgain()).toBe(57 + 5);
    write('idle', 8);
    write('new', 2);
    expect(await lookAgain()).toBe(57 + 5 + 1 + 2);
  });
});
