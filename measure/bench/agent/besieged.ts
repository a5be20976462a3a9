import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningAgent } from '../../../sandbox/agent/start-agent.ts';
import { resetStreams, SIEGES, type SiegeTarget } from '../../attack/siege/siege.ts';
import { quantile } from '../figures.ts';

const EVERY_MS = 20;
const TIMEOUT_MS = 15_000;
const BODY = '{"inputs":[1]}';

/** What predictions met beside an attack, and alone right before it. */
export type Besieged = {
  readonly name: string;
  readonly tried: number;
  readonly failed: number;
  /** Latency in ms: middle and tail, alone and beside the attack. */
  readonly alone: Tail;
  readonly beside: Tail;
};
type Tail = { readonly p50: number; readonly p95: number };

/** Predicts so often without an attack and with it, for each attack on predictions and on the control API at once. */
export async function measureSieges(agent: RunningAgent, count: number): Promise<readonly Besieged[]> {
  const targets = targetsOf(agent);
  const attacks = [
    ...Object.entries(SIEGES).map(([name, attack]) => ({
      name,
      begin: () => targets.map((target) => attack(target)),
    })),
    { name: 'streams of HTTP/2 taken back', begin: () => targets.slice(0, 1).map(resetStreams) },
  ];
  const met: Besieged[] = [];
  for (const { name, begin } of attacks) {
    const alone = await predictOften(agent.predictions, count);
    const sieges = begin();
    const beside = await predictOften(agent.predictions, count);
    for (const { stop } of sieges) stop();
    const tried = sieges.reduce((sum, siege) => sum + siege.tried(), 0);
    met.push({
      ...{ name, tried, failed: alone.failed + beside.failed },
      ...{ alone: tailOf(alone.times), beside: tailOf(beside.times) },
    });
  }
  return met;
}

function targetsOf({ url, predictions }: RunningAgent): readonly SiegeTarget[] {
  const { port, pathname } = new URL(predictions);
  return [
    { port: Number(port), path: pathname, body: BODY, open: '/ping' },
    { port: Number(new URL(url).port), path: '/v1/labels', body: '{}', open: '/healthz' },
  ];
}

async function predictOften(
  url: string,
  count: number,
): Promise<{ readonly times: number[]; readonly failed: number }> {
  const times: number[] = [];
  let failed = 0;
  for (let asked = 0; asked < count; asked += 1) {
    const startedAt = performance.now();
    const isAnswered = await predict(url);
    if (isAnswered) times.push(performance.now() - startedAt);
    else failed += 1;
    await sleep(EVERY_MS);
  }
  return { times, failed };
}

async function predict(url: string): Promise<boolean> {
  try {
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { method: 'POST', headers, body: BODY, signal });
    await response.text();
    return response.status === 200;
  } catch {
    return false;
  }
}

function tailOf(times: readonly number[]): Tail {
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
}
