import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION_HEADER } from '../../core/names.ts';
import { type RunningAgent, startAgent, TOKENS } from '../../test/agent/support/start-agent.ts';
import { waitFor } from '../../test/agent/support/wait-for.ts';
import { buildVersions, deploy, MODEL, serveBare } from './serving-world.ts';

const WARM_UP_REQUESTS = 100;
const REQUESTS = 1_000;
const SHIFTS = 10;
const SHIFT_CLIENTS = 4;

const BODY = JSON.stringify({ dataframe_records: [{ a: 0.1, b: 0.4, c: 0.2, d: 0.9 }] });

/**
 * What proxy and capture add to a TorchServe that answers in about 10 ms, what the agent costs, and how long after a brake the
 * last request reaches the candidate. Both sides of each comparison are asked in turn, so that the machine's moods cancel.
 */
export async function benchServing(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-bench-'));
  const [stable, candidate] = await buildVersions(folder);
  if (stable === undefined || candidate === undefined) throw new Error('no package was built');
  const agent = await startAgent({ 'tick-seconds': '5', 'capture-seconds': '5' });
  const bare = await serveBare(folder, stable);
  try {
    await deploy(agent, '1', stable);
    await deploy(agent, '2', candidate);
    await agent.client.setTraffic(MODEL, { stable: '1', candidatePercent: 0, shadow: false }, undefined);
    const proxied = agent.predictions.replace('doubler', MODEL);
    await compareLatency(agent, bare.url, proxied);
    await bare.child.stop();
    await measureShift(agent, proxied);
  } finally {
    await bare.child.stop();
    await agent.down();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareLatency(agent: RunningAgent, bare: string, proxied: string): Promise<void> {
  for (const url of [bare, proxied]) await timeRequests([url], WARM_UP_REQUESTS);
  const before = await readCosts(agent);
  const startedAt = performance.now();
  const [direct = [], through = []] = await timeRequests([bare, proxied], REQUESTS);
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await readCosts(agent);
  for (const quantile of [0.5, 0.99]) {
    const [alone, both] = [quantileOf(direct, quantile), quantileOf(through, quantile)];
    print(
      `p${quantile * 100}`,
      `${both.toFixed(2)} ms, TorchServe alone ${alone.toFixed(2)} ms: + ${(both - alone).toFixed(2)} ms`,
    );
  }
  const cpu = ((after.cpuSeconds - before.cpuSeconds) * 1_000) / REQUESTS;
  print('agent memory', `${(after.memoryBytes / 2 ** 20).toFixed(0)} MiB resident`);
  print(
    'agent CPU',
    `${(cpu * 1_000).toFixed(0)} ms per 1,000 predictions (ticks of ${seconds.toFixed(0)} s included)`,
  );
}

/** Milliseconds of each request, one list per URL; the URLs take turns. */
async function timeRequests(urls: readonly string[], count: number): Promise<readonly number[][]> {
  const times = urls.map((): number[] => []);
  for (let request = 0; request < count; request++) {
    for (const [index, url] of urls.entries()) {
      const startedAt = performance.now();
      await predict(url);
      times[index]?.push(performance.now() - startedAt);
    }
  }
  return times;
}

/** From the call that takes all traffic from the candidate to the last request that still reached it. */
async function measureShift(agent: RunningAgent, url: string): Promise<void> {
  const shifts: { readonly last: number; readonly answered: number }[] = [];
  for (let shift = 0; shift < SHIFTS; shift++) {
    await setShare(agent, 50);
    const client = startClients(url);
    await waitFor(() => client.lastStart() !== undefined, 'the candidate to answer');
    const startedAt = performance.now();
    await setShare(agent, 0);
    const answered = performance.now() - startedAt;
    await sleep(300);
    await client.stop();
    shifts.push({ last: Math.max(0, (client.lastStart() ?? 0) - startedAt), answered });
  }
  const worst = Math.max(...shifts.map(({ last }) => last));
  const median = quantileOf(
    shifts.map(({ last }) => last),
    0.5,
  );
  const answered = quantileOf(
    shifts.map(({ answered }) => answered),
    0.5,
  );
  print('brake to last request', `median ${median.toFixed(0)} ms, worst of ${SHIFTS} ${worst.toFixed(0)} ms`);
  print('brake confirmed', `median ${answered.toFixed(0)} ms`);
}

async function setShare(agent: RunningAgent, candidatePercent: number): Promise<void> {
  const present = await agent.client.getTraffic(MODEL);
  const traffic = { stable: '1', candidate: '2', candidatePercent, shadow: false };
  await agent.client.setTraffic(MODEL, traffic, present?.revision);
}

/** Clients that send one request after the other; `lastStart` is when the latest one that the candidate answered was sent. */
function startClients(url: string) {
  let lastStart: number | undefined;
  let isStopped = false;
  const run = async () => {
    while (!isStopped) {
      const startedAt = performance.now();
      if ((await predict(url)) === '2') lastStart = Math.max(lastStart ?? 0, startedAt);
    }
  };
  const ended = Promise.all(Array.from({ length: SHIFT_CLIENTS }, run));
  return {
    lastStart: () => lastStart,
    stop: async () => {
      isStopped = true;
      await ended;
    },
  };
}

async function predict(url: string): Promise<string | null> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: BODY,
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text}`);
  return response.headers.get(VERSION_HEADER);
}

async function readCosts(agent: RunningAgent): Promise<{ memoryBytes: number; cpuSeconds: number }> {
  const headers = { authorization: `Bearer ${TOKENS.reader}` };
  const text = await (await fetch(`${agent.url}/metrics`, { headers })).text();
  const figure = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  return {
    memoryBytes: figure('process_resident_memory_bytes'),
    cpuSeconds: figure('process_cpu_seconds_total'),
  };
}

function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? Number.NaN;
}

function print(name: string, value: string): void {
  console.log(`${name.padEnd(24)} ${value}`);
}
