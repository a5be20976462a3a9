import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { type Box, openBox } from '../../adapters/box/open-box.ts';
import { runProcess } from '../../adapters/run-process.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { median, printLine } from './figures.ts';
import { CALLS, evaluateArguments, measureArguments, packageArguments } from './runtime-arguments.ts';
import type { Size } from './size.ts';

const RUNTIME = path.join(ROOT, 'runtime');
const START = path.join(RUNTIME, 'start.py');
const TRAINING = path.join(ROOT, 'measure', 'bench', 'serving', 'torch_model.py');
const SIZES = {
  full: { starts: 15, rounds: 3, calls: CALLS },
  tiny: { starts: 1, rounds: 1, calls: 2 },
} as const;
const POLICY = { require: false, timeoutSeconds: 600 };
const TIMEOUT_MS = 600_000;
/** Of processor time in /proc, in ms. */
const TICK_MS = 10;

/** What something took: by the clock, and of the processor, in ms. */
type Cost = { readonly wall: number; readonly processor: number };

type Boxes = { readonly training: Box; readonly model: Box };

/** What the box costs: its own start, and the steps of a chain that run user code, with and without it, in turn. */
export async function benchBox(size: Size): Promise<void> {
  const { starts, rounds, calls } = SIZES[size];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-'));
  try {
    const boxes = {
      training: await openBox({ ...options(), kind: 'training' }),
      model: await openBox({ ...options(), kind: 'model' }),
    };
    await timeStarts(boxes.training, { folder, starts });
    await timeChains(boxes, { folder, rounds, calls });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timeStarts(
  box: Box,
  { folder, starts }: { readonly folder: string; readonly starts: number },
): Promise<void> {
  const program = { command: ['true'], cwd: '/', temp: folder, show: [], write: [] };
  const boxed: Cost[] = [];
  const bare: Cost[] = [];
  const env = { PATH: process.env['PATH'] };
  for (let start = 0; start < starts; start++) {
    boxed.push(await measure(() => run({ ...box.enter(program), env })));
    bare.push(await measure(() => run({ command: 'true', args: [], env })));
  }
  print('start', boxed, bare);
}

/** A training, the prediction of its holdout, its package, and the latency of that: each begins Python and the model anew. */
async function timeChains(
  boxes: Boxes,
  { folder, rounds, calls }: { readonly folder: string; readonly rounds: number; readonly calls: number },
): Promise<void> {
  const boxed: Cost[] = [];
  const bare: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    // Whoever begins finds the files less warm.
    const order = round % 2 === 0 ? [boxes, undefined] : [undefined, boxes];
    for (const [index, used] of order.entries()) {
      const own = path.join(folder, `${round}-${index}`);
      const cost = await measure(() => runChain({ folder: own, calls }, used));
      (used === undefined ? bare : boxed).push(cost);
    }
  }
  print('chain', boxed, bare);
}

async function runChain(
  { folder, calls }: { readonly folder: string; readonly calls: number },
  boxes: Boxes | undefined,
): Promise<void> {
  const temp = path.join(folder, 'temp');
  mkdirSync(temp, { recursive: true });
  const env = {
    ...{ PATH: process.env['PATH'], HOME: temp, TMPDIR: temp },
    MLFLOW_TRACKING_URI: `sqlite:///${folder}/mlflow.db`,
  };
  const [command = '', ...args] = [venvProgram('python'), TRAINING, folder];
  const boxed = { command: [command, ...args], cwd: folder, temp, show: [ROOT], write: [folder] };
  const training = boxes === undefined ? { command, args } : boxes.training.enter(boxed);
  const logged = await run({ ...training, env, cwd: folder });
  const [runId = '', uri = '', file = ''] = (logged.at(-1) ?? '').split(' ');
  const holdout = path.join(folder, file);
  const out = path.join(folder, 'out.json');
  const spec =
    boxes && JSON.stringify({ spec: boxes.model.specify([holdout]), variables: { PATH: env.PATH } });
  const runtime = (module: string, rest: readonly string[]) =>
    run({
      ...{ command, env, cwd: folder },
      args: ['-I', '-u', START, module, ...rest, ...(spec === undefined ? [] : ['--box', spec])],
    });
  const examples = { file: holdout, target: 'label', id: 'id' };
  const model = { modelUri: uri, out };
  const predictions = path.join(folder, 'predictions.parquet');
  await runtime('evaluate', evaluateArguments({ ...model, predictions }, examples));
  const { modelDigest } = z.object({ modelDigest: z.string() }).parse(JSON.parse(readFileSync(out, 'utf8')));
  const built = path.join(folder, 'package');
  const version = { model: 'bench', version: '1', runId, modelDigest, folder: built };
  await runtime('package', packageArguments({ ...model, ...version }, examples));
  await runtime('measure', measureArguments({ folder: built, out, calls }));
}

type Program = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
};

/** Lines that it printed. Rejects when it fails. */
async function run({ command, args, env, cwd = '/' }: Program): Promise<readonly string[]> {
  const end = await runProcess({ command, args, env, cwd, timeoutMs: TIMEOUT_MS });
  if (end.code !== 0) throw new Error(`${command} ${args.join(' ')}: ${end.stderr.join('\n')}`);
  return end.stdout;
}

async function measure(work: () => Promise<unknown>): Promise<Cost> {
  const [started, used] = [performance.now(), readChildrenTime()];
  await work();
  return { wall: performance.now() - started, processor: readChildrenTime() - used };
}

/** Processor time of all processes that this one has started and that have ended, in ms. */
function readChildrenTime(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

function print(what: string, boxed: readonly Cost[], bare: readonly Cost[]): void {
  for (const by of ['wall', 'processor'] as const) {
    const [inside = 0, outside = 0] = [boxed, bare].map((costs) => median(costs.map((cost) => cost[by])));
    // A bare start uses less than the clock of /proc can tell.
    const ratio = outside === 0 ? '' : `: ${(inside / outside).toFixed(2)}`;
    printLine(`${what}, ${by}`, `${inside.toFixed(0)} ms boxed, ${outside.toFixed(0)} ms bare${ratio}`);
  }
}

function options() {
  return {
    ...{ python: venvProgram('python'), runtime: RUNTIME, env: process.env, policy: POLICY },
    onLine: (line: string) => printLine('box', line),
  };
}
