import { Agent, get } from 'node:http';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';

const PROBE_EVERY_MS = 2;

/**
 * Asks for a sign of life, again and again until the input ends, in a process of its own: one that does anything beside it would measure itself.
 * Prints a line once it has begun, and at the end how long each answer took, in ms, as JSON.
 *
 *     node measure/bench/health-probe.ts URL
 */
const url = process.argv[2] ?? '';
const agent = new Agent({ keepAlive: true });
const waited: number[] = [];
let isOver = false;
process.stdin.once('end', () => {
  isOver = true;
});
process.stdin.resume();

await askOnce();
process.stdout.write('asking\n');
while (!isOver) {
  const start = performance.now();
  await askOnce();
  waited.push(performance.now() - start);
  await setTimeout(PROBE_EVERY_MS);
}
agent.destroy();
process.stdout.write(`${JSON.stringify(waited)}\n`);

async function askOnce(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    get(url, { agent }, (answer) => answer.resume().once('end', resolve)).once('error', reject);
  });
}
