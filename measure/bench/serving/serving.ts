import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { THIS_MACHINE } from '../../../sandbox/agent/agent-process.ts';
import { startAgent } from '../../../sandbox/agent/start-agent.ts';
import { startDispatchReceiver } from '../../../sandbox/github/dispatch-receiver.ts';
import { printLine } from '../figures.ts';
import type { Size } from '../size.ts';
import { type Footprint, measureFootprint } from './footprint.ts';
import { benchServingImage } from './image.ts';
import { measureOverhead, type Overhead } from './latency.ts';
import { measureShifts, type Shifts } from './shift.ts';
import { buildVersions, deploy, MODEL, measureCapture, serveBare } from './world.ts';

const OVERHEAD_GOAL = 1.05;
const MEMORY_GOAL_MB = 80;
const CPU_GOAL_MS = 2;
const SHIFT_GOAL_MS = 1_000;

/** Serving as an agent does it, five minutes, then its images (image.ts), unless only its running is to be shown. */
export async function benchServing(size: Size): Promise<void> {
  await benchAgent(size);
  if (size === 'full') await benchServingImage();
}

/**
 * What proxy and capture add to a TorchServe that answers in about 10 ms, what the agent costs, and how long after a brake the
 * last request reaches the candidate. Of the five minutes two are the building and the starts.
 */
async function benchAgent(size: Size): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-bench-'));
  const [stable, candidate] = await buildVersions(folder, 'sleepy_model.py');
  if (stable === undefined || candidate === undefined) throw new Error('no package was built');
  const github = await startDispatchReceiver();
  // As its unit file starts it.
  process.env['MALLOC_ARENA_MAX'] = '1';
  const agent = await startAgent(
    { 'tick-seconds': '5', 'capture-seconds': '5', repository: 'acme/models', 'github-api-url': github.url },
    { ...THIS_MACHINE, program: 'agent/dist/agent.mjs' },
  );
  const bare = await serveBare(folder, stable);
  try {
    await deploy(agent, '1', stable);
    await deploy(agent, '2', candidate);
    await agent.client.setTraffic(MODEL, { stable: '1', candidatePercent: 0, shadow: false }, undefined);
    const proxied = agent.predictions.replace('doubler', MODEL);
    printMachine();
    printOverhead(await measureOverhead(bare.url, proxied, size));
    await bare.child.stop();
    printLine('capture in the handler', `${await measureCapture(stable)} µs per prediction`);
    printFootprint(await measureFootprint(agent.pid(), proxied, size));
    printShifts(await measureShifts(agent, proxied, size));
  } finally {
    await bare.child.stop();
    await agent.down();
    await github.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A tail is measured on a machine with nothing else to do, or not at all. */
function printMachine(): void {
  const [busy = 0] = loadavg();
  const processors = availableParallelism();
  const doubt = busy > processors ? ': more than it can do at once, so the tails below are its own' : '';
  printLine('machine', `${processors} processors, load average ${busy.toFixed(1)}${doubt}`);
}

function printOverhead(quantiles: readonly Overhead[]): void {
  for (const { quantile, alone, through, added, ratio, spread } of quantiles) {
    const [least, most] = spread.map((one) => `${((one - 1) * 100).toFixed(1)} %`);
    const goal = quantile === 0.99 ? `, ${judge(ratio <= OVERHEAD_GOAL, '5 %')}` : '';
    printLine(
      `p${quantile * 100}`,
      `${through.toFixed(2)} ms, TorchServe alone ${alone.toFixed(2)} ms: + ${added.toFixed(2)} ms, ` +
        `+ ${((ratio - 1) * 100).toFixed(1)} % (rounds ${least} … ${most}${goal})`,
    );
  }
}

function printFootprint(footprint: Footprint): void {
  const { residentBytes, restingCpu, cpuPerThousand, addedPerThousand, perSecond } = footprint;
  const megabytes = residentBytes / 1e6;
  const memory = judge(megabytes <= MEMORY_GOAL_MB, `${MEMORY_GOAL_MB} MB`);
  printLine('agent memory', `${megabytes.toFixed(1)} MB resident (${memory})`);
  printLine('agent CPU, ticks', `${restingCpu.toFixed(2)} ms per second, whatever the traffic`);
  printLine('agent CPU, predictions', describeAdded(addedPerThousand));
  const goal = judge(cpuPerThousand <= CPU_GOAL_MS, `${CPU_GOAL_MS} ms`);
  printLine(
    'agent CPU, both',
    `${cpuPerThousand.toFixed(1)} ms per 1,000 at ${perSecond.toFixed(0)} per second (${goal})`,
  );
}

/** The ticks' cost wavers from minute to minute; what predictions add may be less than that. */
function describeAdded(perThousand: number): string {
  return perThousand > 0
    ? `${perThousand.toFixed(1)} ms per 1,000 on top of the ticks`
    : `less than the ticks' cost wavers by (${Math.abs(perThousand).toFixed(1)} ms per 1,000)`;
}

function printShifts({ count, lastRequest, worst, confirmed }: Shifts): void {
  const goal = judge(worst <= SHIFT_GOAL_MS, `${SHIFT_GOAL_MS} ms`);
  printLine(
    'brake to last request',
    `median ${lastRequest.toFixed(0)} ms, worst of ${count} ${worst.toFixed(0)} ms (${goal})`,
  );
  printLine('brake confirmed', `median ${confirmed.toFixed(0)} ms`);
}

function judge(isMet: boolean, goal: string): string {
  return `goal ${goal}: ${isMet ? 'met' : 'missed'}`;
}
