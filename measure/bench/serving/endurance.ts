import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { THIS_MACHINE } from '../../../sandbox/agent/agent-process.ts';
import { type RunningAgent, startAgent } from '../../../sandbox/agent/start-agent.ts';
import { familyOf } from '../../../sandbox/machine/family-of.ts';
import { printGoal, printLine } from '../figures.ts';
import type { Size } from '../size.ts';
import { predict } from './client.ts';
import { commandOf, residentBytes } from './footprint.ts';
import { buildVersions, deploy, MODEL } from './world.ts';

const REQUESTS = { full: 1_000_000, tiny: 200 } as const;
/** When memory is looked at, as shares of all requests: what is there at the first is warm. */
const LOOKS = [0.1, 0.5, 1] as const;
const CLIENTS = 8;
/** Of the network: it answers at once, so that what stands around it has the most to do. */
const WIDTH = '8';
const BODY = JSON.stringify({ inputs: [Array.from({ length: 16 }, (_, column) => column / 16)] });
/** What a process may hold more at the end than at the first look: an allocator's pages come and go by about as much. */
const GROWTH_GOAL = 1.05;
/** How long the last counts may be on their way, in seconds. */
const COUNT_SECONDS = 60;

/** The processes on the way of a prediction, each by what its command line holds. */
const PARTS = {
  agent: /agent\.mjs/,
  Envoy: /(^|\/)envoy\b/,
  handler: /model_service_worker/,
} as const;
type Part = keyof typeof PARTS;
const PART_NAMES = ['agent', 'Envoy', 'handler'] as const satisfies readonly Part[];

/**
 * A million predictions through one host, as fast as the machine answers them: what agent, Envoy and handler hold of memory while they go
 * on, and whether each request is counted, by the client, by Envoy and by the handler. About half an hour.
 */
export async function benchEndurance(size: Size): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-bench-'));
  process.env['MALLOC_ARENA_MAX'] = '1';
  const agent = await startAgent(
    { 'tick-seconds': '5', 'capture-seconds': '5', 'window-seconds': '5' },
    { ...THIS_MACHINE, program: 'agent/dist/agent.mjs' },
  );
  try {
    const [built] = await buildVersions(folder, 'torch_model.py', WIDTH);
    if (built === undefined) throw new Error('no package was built');
    await deploy(agent, '1', built);
    await agent.client.setTraffic(MODEL, { stable: '1', candidatePercent: 0, shadow: false }, undefined);
    await endure(agent, REQUESTS[size]);
  } finally {
    await agent.down();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function endure(agent: RunningAgent, requests: number): Promise<void> {
  const url = agent.predictions.replace('doubler', MODEL);
  const sent = { answered: 0, lost: 0 };
  const looks: Readonly<Record<Part, number>>[] = [];
  const startedAt = performance.now();
  for (const share of LOOKS) {
    await ask(url, Math.round(requests * share), sent);
    looks.push(lookAtMemory(agent.pid()));
    printLine('answered', `${sent.answered} of ${requests}`);
  }
  const perSecond = requests / ((performance.now() - startedAt) / 1_000);
  printGoal('requests', `${requests} at ${perSecond.toFixed(0)} per second, ${sent.lost} lost`, {
    ...{ says: '0 lost', isMet: sent.lost === 0 },
  });
  for (const part of PART_NAMES)
    printMemory(
      part,
      looks.map((look) => look[part]),
    );
  await printCounts(agent, sent.answered);
}

/** Asks on until so many have been asked in all. */
async function ask(url: string, until: number, sent: { answered: number; lost: number }): Promise<void> {
  let open = until - sent.answered - sent.lost;
  const run = async () => {
    while (open-- > 0) {
      await predict(url, BODY).then(
        () => sent.answered++,
        () => sent.lost++,
      );
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, run));
}

/** Bytes that the processes of each part hold. */
function lookAtMemory(agent: number): Readonly<Record<Part, number>> {
  const running = familyOf(agent).map((pid) => ({ pid, command: commandOf(pid) }));
  const held = (part: Part) =>
    running
      .filter(({ command }) => PARTS[part].test(command))
      .reduce((sum, { pid }) => sum + residentBytes(pid), 0);
  return { agent: held('agent'), Envoy: held('Envoy'), handler: held('handler') };
}

function printMemory(part: Part, bytes: readonly number[]): void {
  const [first = Number.NaN] = bytes;
  const growth = (bytes.at(-1) ?? Number.NaN) / first;
  const shown = bytes.map((one) => (one / 1e6).toFixed(1)).join(', ');
  printGoal(`${part}, memory`, `${shown} MB at 10, 50 and 100 %: × ${growth.toFixed(3)}`, {
    ...{ says: `× ${GROWTH_GOAL}`, isMet: growth <= GROWTH_GOAL },
  });
}

/** Says how many predictions Envoy and the handler have counted, as soon as both have as many as the client, or after a while. */
async function printCounts(agent: RunningAgent, answered: number): Promise<void> {
  let counted = await readCounts(agent);
  for (let waited = 0; waited < COUNT_SECONDS && !counted.every(({ n }) => n >= answered); waited++) {
    await sleep(1_000);
    counted = await readCounts(agent);
  }
  for (const { by, n } of counted) {
    printGoal(`counted by ${by}`, `${n} of ${answered}`, { says: 'as many', isMet: n === answered });
  }
}

async function readCounts(agent: RunningAgent) {
  const { seen } = await agent.client.state();
  return [
    { by: 'Envoy', n: seen?.[MODEL]?.['1']?.requests ?? 0 },
    { by: 'the handler', n: await countWindows(agent) },
  ];
}

/** Predictions in all windows that the handler has closed. */
async function countWindows(agent: RunningAgent): Promise<number> {
  let sum = 0;
  for (let after = 0; ; ) {
    const windows = await agent.client.windows(MODEL, after);
    const last = windows.at(-1);
    if (last === undefined) return sum;
    sum += windows.reduce((total, { n }) => total + n, 0);
    after = last.seq;
  }
}
