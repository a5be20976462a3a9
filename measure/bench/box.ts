import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { openBox } from '../../adapters/box/open-box.ts';
import { runProcess } from '../../adapters/run-process.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { median, printLine } from './figures.ts';
import { runPython } from './serving/world.ts';

const RUNTIME = path.join(ROOT, 'runtime');
const STARTS = 15;
const ROUNDS = 5;
const POLICY = { require: false, timeoutSeconds: 600 };

/** What evaluate does with one model, in the process that reads the labels: what it would cost without a box. */
const BARE = `
import sys
sys.path.insert(0, ${JSON.stringify(RUNTIME)})
import mlflow.pyfunc, numpy as np, pyarrow as pa, pyarrow.parquet as pq
from trainyard.holdout import HoldoutColumns, load_holdout
uri, holdout, out = sys.argv[1:]
model = mlflow.pyfunc.load_model(uri)
rows = load_holdout(__import__('pathlib').Path(holdout), HoldoutColumns('label', 'id', None, ()), None)
scores = np.asarray(model.predict(rows.inputs))
pq.write_table(pa.table({'label': rows.labels, 'prediction': scores.argmax(axis=1)}), out)
`;

/** What the box costs: its own start, and the prediction of a holdout with and without it, in turn. */
export async function benchBox(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-'));
  try {
    await timeStarts(folder);
    await timePredictions(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timeStarts(folder: string): Promise<void> {
  const box = await openBox({ ...options(), kind: 'training' });
  const program = { command: ['true'], cwd: '/', temp: folder, show: [], write: [] };
  const boxed: number[] = [];
  const bare: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    boxed.push(await timeProcess(box.enter(program)));
    bare.push(await timeProcess({ command: 'true', args: [] }));
  }
  printLine('start, boxed', `${median(boxed).toFixed(0)} ms`);
  printLine('start, bare', `${median(bare).toFixed(0)} ms`);
}

async function timePredictions(folder: string): Promise<void> {
  const script = path.join(ROOT, 'measure', 'bench', 'serving', 'torch_model.py');
  const printed = await runPython(folder, [script, folder]);
  const [, uri = '', file = ''] = (printed.split('\n').at(-1) ?? '').split(' ');
  const holdout = path.join(folder, file);
  const box = await openBox({ ...options(), kind: 'model' });
  const spec = JSON.stringify({ spec: box.specify([holdout]), variables: { PATH: process.env['PATH'] } });
  const out = path.join(folder, 'predictions.parquet');
  const evaluate = [
    ...['-I', '-u', path.join(RUNTIME, 'start.py'), 'evaluate', '--model-uri', uri, '--predictions', out],
    ...['--out', path.join(folder, 'out.json'), '--holdout', holdout, '--target', 'label', '--id', 'id'],
    ...['--box', spec],
  ];
  const boxed: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    boxed.push(await time(() => runPython(folder, evaluate)));
    bare.push(await time(() => runPython(folder, ['-c', BARE, uri, holdout, out])));
  }
  printLine('holdout, boxed', `${(median(boxed) / 1_000).toFixed(2)} s`);
  printLine('holdout, bare', `${(median(bare) / 1_000).toFixed(2)} s`);
  printLine('ratio', (median(boxed) / median(bare)).toFixed(2));
}

function options() {
  return {
    ...{ python: venvProgram('python'), runtime: RUNTIME, env: process.env, policy: POLICY },
    onLine: (line: string) => printLine('box', line),
  };
}

function timeProcess(call: { readonly command: string; readonly args: readonly string[] }): Promise<number> {
  return time(() => runProcess({ ...call, cwd: '/', env: { PATH: process.env['PATH'] } }));
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
