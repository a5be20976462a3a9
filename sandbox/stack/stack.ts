import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { PYTHON, ROOT } from '../checkout.ts';
import type { Child } from '../machine/child-process.ts';
import { isAlive } from '../machine/is-alive.ts';
import { startMlflow } from '../machine/mlflow-server.ts';
import { waitFor } from '../machine/wait-for.ts';
import { startObjectStore } from './object-store.ts';
import {
  addressOf,
  BUCKET,
  environmentOf,
  objectEnvironment,
  placesOf,
  readSettings,
  type StackPlaces,
  type StackSettings,
} from './places.ts';
import { startPostgres } from './postgres.ts';

const OBJECTS = path.join(ROOT, 'deploy', 'mlflow', 'objects.py');
const OBJECTS_TIMEOUT_MS = 30 * 60_000;

/** A database and an object store that run. */
type Stores = {
  readonly places: StackPlaces;
  readonly settings: StackSettings;
  readonly started: readonly Child[];
  readonly stop: () => Promise<void>;
};

/** MLflow on PostgreSQL and an object store, with room for searches in the same database. */
export type Stack = Stores & {
  /** For whoever uses it: MLFLOW_TRACKING_URI and OPTUNA_STORAGE. */
  readonly environment: Readonly<Record<string, string>>;
};

/** Starts the stack that `folder` keeps, a new one where it keeps none. Rejects while it runs already. */
export async function startStack(folder: string): Promise<Stack> {
  const stores = await startStores(folder);
  const { places, settings } = stores;
  try {
    mkdirSync(places.mlflow, { recursive: true });
    const mlflow = await startMlflow({
      python: PYTHON,
      folder: places.mlflow,
      env: { PATH: process.env['PATH'], HOME: places.mlflow, ...objectEnvironment(settings) },
      port: settings.ports.mlflow,
      stores: { database: addressOf(settings, 'mlflow'), artifacts: `s3://${BUCKET}` },
    });
    noteRunning(places, [...stores.started, mlflow.child]);
    const stop = () => stopInTurn([() => mlflow.child.stop(), stores.stop]);
    return { ...stores, stop, environment: environmentOf(settings) };
  } catch (error) {
    await stores.stop();
    throw error;
  }
}

/** Starts what keeps the stack's data alone. Rejects while the stack runs: two servers on one folder would spoil it. */
export async function startStores(folder: string): Promise<Stores> {
  const places = placesOf(folder);
  const by = findRunning(places);
  if (by !== undefined) throw new Error(`The stack in ${folder} is in use by process ${by}: end that first.`);
  const settings = await readSettings(places);
  await endLeftOvers(places);
  const started: Child[] = [];
  noteRunning(places, []);
  const stop = async () => {
    await stopInTurn(started.toReversed().map((child) => () => child.stop()));
    rmSync(places.running, { force: true });
  };
  try {
    for (const start of [startPostgres, startObjectStore]) {
      started.push(await start(places, settings));
      noteRunning(places, started);
    }
    runObjects(settings, ['make', BUCKET]);
    return { places, settings, started, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The process that runs the stack, if one does. */
export function findRunning(places: StackPlaces): number | undefined {
  const by = readRunning(places)?.by;
  return by !== undefined && isAlive(by) ? by : undefined;
}

const runningSchema = z.strictObject({ by: z.int(), started: z.array(z.int()) });

function noteRunning(places: StackPlaces, started: readonly Child[]): void {
  const running: z.infer<typeof runningSchema> = { by: process.pid, started: started.map(({ pid }) => pid) };
  writeFileSync(places.running, JSON.stringify(running));
}

function readRunning(places: StackPlaces): z.infer<typeof runningSchema> | undefined {
  if (!existsSync(places.running)) return undefined;
  return runningSchema.safeParse(JSON.parse(readFileSync(places.running, 'utf8'))).data;
}

/** Ends the servers of this folder whose starter was killed. A process by such a number that names another folder is somebody else's. */
async function endLeftOvers(places: StackPlaces): Promise<void> {
  const left = (readRunning(places)?.started ?? []).filter((pid) => isOf(places, pid)).toReversed();
  // By SIGTERM PostgreSQL would wait until its clients have gone.
  for (const pid of left) process.kill(pid, 'SIGINT');
  for (const pid of left) await waitFor(() => !isAlive(pid), `process ${pid} of ${places.folder} to end`);
}

function isOf({ folder }: StackPlaces, pid: number): boolean {
  const found = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  return found.stdout.includes(folder);
}

/** Runs `objects.py` on the stack's object store, and gives what it says. Throws with its words where it fails. */
export function runObjects(settings: StackSettings, words: readonly string[]): string {
  return execFileSync(PYTHON, ['-I', OBJECTS, ...words], {
    env: { PATH: process.env['PATH'], ...objectEnvironment(settings) },
    encoding: 'utf8',
    timeout: OBJECTS_TIMEOUT_MS,
  }).trim();
}

async function stopInTurn(stops: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops) await stop();
}
