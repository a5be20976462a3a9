import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { playBadModel } from '../measure/scenes/bad-model.ts';
import { playDrift } from '../measure/scenes/drift.ts';
import { playFirstTrain } from '../measure/scenes/first-train.ts';
import { renderScenes } from '../measure/scenes/report.ts';
import { playRetrainByComment } from '../measure/scenes/retrain-by-comment.ts';
import { quietly, type Say, type SceneResult } from '../measure/scenes/scene.ts';
import { playTune } from '../measure/scenes/tune.ts';
import { MODEL, startWorld, type World } from '../measure/scenes/world.ts';
import { STATE_DIR } from '../sandbox/checkout.ts';
import { isAlive } from '../sandbox/machine/is-alive.ts';
import { loadDigits } from '../sandbox/traffic/digits.ts';
import { type SteadyTraffic, startTraffic } from '../sandbox/traffic/traffic.ts';
import { type DemoOptions, readDemoOptions, type SceneName, USAGE } from './demo/options.ts';

const PID_FILE = path.join(STATE_DIR, 'demo.pid');
const REQUESTS_PER_SECOND = 20;
/** Digits in one request, and digits of each kind the clients send. */
const DIGITS_PER_REQUEST = 6;
const DIGITS_PER_LABEL = 60;

type Play = (world: World, traffic: SteadyTraffic, say: Say) => Promise<SceneResult>;
const LATER_SCENES: Readonly<Record<Exclude<SceneName, '1'>, Play>> = {
  '2': playRetrainByComment,
  '3': playDrift,
  '4': playBadModel,
  'drift-by-cron': (...world) => playDrift(...world, 'cron'),
  'drift-by-labels': (...world) => playDrift(...world, 'labels'),
  tune: playTune,
};

// After an interrupt scenes may still be under way: there is nothing to wait for once all parts have ended.
process.exit(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<number> {
  const options = readDemoOptions(argv);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const running = findRunningDemo();
  if (running !== undefined) {
    console.error(
      `A demo is running already (process ${running}). End it with Ctrl-C there, or: kill ${running}`,
    );
    return 2;
  }
  writeFileSync(PID_FILE, String(process.pid));
  const say = createSay();
  const interrupted = watchInterrupts();
  const world = await startWorld(path.join(STATE_DIR, 'demo'), say);
  try {
    return await Promise.race([showScenes(world, options, say, interrupted), interrupted.then(() => 130)]);
  } finally {
    say('stopping');
    await world.stop();
    rmSync(PID_FILE, { force: true });
  }
}

/** The process of a demo that is still up: two would share folders. */
function findRunningDemo(): number | undefined {
  if (!existsSync(PID_FILE)) return undefined;
  const pid = Number(readFileSync(PID_FILE, 'utf8'));
  return isAlive(pid) ? pid : undefined;
}

async function showScenes(
  world: World,
  options: DemoOptions,
  say: Say,
  interrupted: Promise<void>,
): Promise<number> {
  const results = await playScenes(world, options, say);
  console.log(`\n${renderScenes(results)}\n`);
  if (options.keep) {
    console.log(describeWorld(world));
    await interrupted;
  }
  return results.every(({ checks }) => checks.every(({ held }) => held)) ? 0 : 1;
}

async function playScenes(world: World, { scenes }: DemoOptions, say: Say): Promise<readonly SceneResult[]> {
  const first = await playFirstTrain(world, scenes.includes('1') ? say : quietly);
  const results: SceneResult[] = scenes.includes('1') ? [first] : [];
  if (first.checks.some(({ held }) => !held)) {
    say('the first train did not come through; the other scenes need its model');
    return [first];
  }
  const traffic = startTraffic({
    dataPlane: world.host.dataPlane,
    model: MODEL,
    perSecond: REQUESTS_PER_SECOND,
    digits: loadDigits(DIGITS_PER_LABEL),
  });
  traffic.setSizes([DIGITS_PER_REQUEST]);
  for (const scene of scenes) {
    if (scene === '1') continue;
    say(`— scene ${scene} —`);
    results.push(await LATER_SCENES[scene](world, traffic, say));
  }
  await traffic.stop();
  return results;
}

function describeWorld({ sandbox, mlflow, host, tokens }: World): string {
  return [
    `MLflow        ${mlflow.url}`,
    `agent         ${host.url}  (Authorization: Bearer ${tokens.deployer})`,
    `predictions   ${host.dataPlane}/predictions/${MODEL}`,
    `GitHub        ${sandbox.github.addresses.api}  (runs: ${sandbox.github.addresses.web}/_sandbox/runs)`,
    `git           git clone ${sandbox.remote.bare}`,
    'Ctrl-C stops everything.',
  ].join('\n');
}

/** Resolves at Ctrl-C; what was started ends in order then, instead of being left behind. */
function watchInterrupts(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  return promise;
}

function createSay(): Say {
  const begun = performance.now();
  return (line) => {
    const seconds = Math.round((performance.now() - begun) / 1_000);
    console.log(`${String(seconds).padStart(4)} s  ${line}`);
  };
}
