import path from 'node:path';
import { STATE_DIR } from '../../sandbox/checkout.ts';
import { playFirstTrain } from '../scenes/first-train.ts';
import { startWorld } from '../scenes/world.ts';
import { runBareChain } from './bare-chain.ts';
import { median } from './figures.ts';
import type { Size } from './size.ts';
import { timeStartUp } from './start-up.ts';

/** Chain and bare commands in turn, this many times each. */
const SIZES = { full: { rounds: 2, starts: 15 }, tiny: { rounds: 1, starts: 1 } } as const;
const CHAIN_GOAL = 1.15;
const START_GOAL = 4;

/** What Trainyard adds: the chain beside its work done by bare commands, and an action's start beside Node's own. */
export async function benchOverhead(size: Size): Promise<void> {
  const { rounds: count, starts } = SIZES[size];
  const start = timeStartUp(starts);
  const rounds: { readonly chain: number; readonly bare: number }[] = [];
  for (let round = 1; round <= count; round++) rounds.push(await timeRound(round));
  const chain = median(rounds.map((round) => round.chain));
  const bare = median(rounds.map((round) => round.bare));
  process.stdout.write(
    `overhead: medians of ${count} rounds, and of ${starts} starts\n` +
      `  push to promoted, under act   ${chain.toFixed(1)} s\n` +
      `  the same by bare commands     ${bare.toFixed(1)} s\n` +
      `  ratio                         ${describeRatio(chain / bare, CHAIN_GOAL)}\n` +
      `  start of an action            ${start.action.toFixed(0)} ms\n` +
      `  node -e 0                     ${start.node.toFixed(0)} ms\n` +
      `  ratio                         ${describeRatio(start.action / start.node, START_GOAL)}\n`,
  );
}

async function timeRound(round: number): Promise<{ readonly chain: number; readonly bare: number }> {
  const folder = path.join(STATE_DIR, 'bench', `overhead-${round}`);
  const world = await startWorld(path.join(folder, 'world'), say);
  try {
    const started = performance.now();
    const scene = await playFirstTrain(world, say);
    const chain = (performance.now() - started) / 1_000;
    const broken = scene.checks.find(({ held }) => !held);
    if (broken !== undefined) throw new Error(`the chain did not hold: ${broken.observed} (${broken.where})`);
    const parts = await runBareChain({
      folder: path.join(folder, 'world', 'bare'),
      mlflow: world.mlflow.url,
      store: world.store,
    });
    for (const [name, seconds] of Object.entries(parts)) say(`bare: ${name} ${seconds.toFixed(1)} s`);
    return { chain, bare: Object.values(parts).reduce((sum, seconds) => sum + seconds, 0) };
  } finally {
    await world.stop();
  }
}

function describeRatio(ratio: number, goal: number): string {
  return `${ratio.toFixed(2)} (goal ${goal}: ${ratio <= goal ? 'met' : 'missed'})`;
}

function say(line: string): void {
  process.stdout.write(`  ${line}\n`);
}
