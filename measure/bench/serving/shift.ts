import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningAgent } from '../../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';
import { median } from '../figures.ts';
import type { Size } from '../size.ts';
import { predict } from './client.ts';
import { MODEL } from './world.ts';

const SHIFTS = { full: 10, tiny: 1 } as const;
const CLIENTS = 4;
/** Requests are watched for so long after the agent has said that the proxy runs on the new traffic, in ms. */
const WATCH_MS = 500;

/** Milliseconds from the decision to take all traffic from a candidate: to the last request it got, and to the agent's word. */
export type Shifts = {
  readonly count: number;
  readonly lastRequest: number;
  readonly worst: number;
  readonly confirmed: number;
};

/** Takes all traffic from a candidate that answers half of it, again and again, while clients ask without a pause. */
export async function measureShifts(agent: RunningAgent, url: string, size: Size): Promise<Shifts> {
  const count = SHIFTS[size];
  const shifts: { readonly last: number; readonly confirmed: number }[] = [];
  for (let shift = 0; shift < count; shift++) {
    await setShare(agent, 50);
    const clients = startClients(url);
    await waitFor(() => clients.lastStart() !== undefined, 'the candidate to answer');
    const decidedAt = performance.now();
    await setShare(agent, 0);
    const confirmed = performance.now() - decidedAt;
    await sleep(WATCH_MS);
    await clients.stop();
    shifts.push({ last: Math.max(0, (clients.lastStart() ?? 0) - decidedAt), confirmed });
  }
  const last = shifts.map((shift) => shift.last);
  return {
    count,
    lastRequest: median(last),
    worst: Math.max(...last),
    confirmed: median(shifts.map((shift) => shift.confirmed)),
  };
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
  const ended = Promise.all(Array.from({ length: CLIENTS }, run));
  return {
    lastStart: () => lastStart,
    stop: async () => {
      isStopped = true;
      await ended;
    },
  };
}
