import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';

const NODE = path.join(ROOT, 'node_modules', '.bin', 'node');
const PROJECT: Readonly<Record<string, string>> = {
  MLproject: [
    'name: flats',
    'entry_points:',
    '  train:',
    '    parameters: { rate: { type: float, default: 0.1 } }',
    '    command: "python train.py --rate {rate}"',
    '',
  ].join('\n'),
  'train.py': [
    'import argparse, mlflow, pandas as pd',
    'from mlflow.models import infer_signature',
    'from sklearn.linear_model import Ridge',
    'p = argparse.ArgumentParser(); p.add_argument("--rate", type=float); a = p.parse_args()',
    'd = pd.read_csv("data/train.csv").astype(float); x, y = d.drop(columns="price"), d["price"]',
    'with mlflow.start_run():',
    '    m = Ridge(alpha=a.rate).fit(x, y)',
    '    mlflow.sklearn.log_model(m, name="model", signature=infer_signature(x, m.predict(x)))',
    '',
  ].join('\n'),
  'data/train.csv': table(1_000, 1),
  'data/holdout.csv': table(500, 2),
};

let folder: string;
let sandbox: ChildProcess;
let said = '';

/** Prices that follow rooms and area, with some noise that is always the same. */
function table(rows: number, seed: number): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const noise = ((index * 7_919 + seed * 104_729) % 1_000) / 10;
    const rooms = 1 + (index % 6);
    const area = rooms * 20 + ((index * 31) % 100) / 10;
    return `${rooms},${area},${(1_000 * rooms + 50 * area + noise).toFixed(2)}`;
  });
  return ['rooms,area,price', ...lines, ''].join('\n');
}

function trainyard(...args: readonly string[]): string {
  return execFileSync(NODE, [path.join(ROOT, 'cli/main.ts'), ...args], { cwd: folder, encoding: 'utf8' });
}

function git(...args: readonly string[]): void {
  const of = ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost'];
  execFileSync('git', [...of, ...args], { cwd: folder, stdio: 'pipe' });
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'ty-own-'));
  for (const [file, text] of Object.entries(PROJECT)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  git('init', '--quiet', '--initial-branch', 'trunk');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'A project');
  trainyard(
    'init',
    '--model',
    'flats',
    '--target',
    'price',
    '--limit',
    '400',
    '--host',
    'https://serve-1:9443',
  );
  git('add', '--all');
  git('commit', '--quiet', '--message', 'Train it in the yard');
  sandbox = spawn(NODE, [path.join(ROOT, 'cli/main.ts'), 'sandbox'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [sandbox.stdout, sandbox.stderr]) stream?.on('data', (part) => (said += String(part)));
  await waitFor(() => said.includes('Ready.'), `the sandbox to be ready: ${said}`, 240_000);
});

afterAll(async () => {
  sandbox.kill('SIGTERM');
  await once(sandbox, 'close');
  rmSync(folder, { recursive: true, force: true });
});

test('a stranger’s repository is pushed, approved, served and asked, all by the command line', async () => {
  expect(trainyard('sandbox', 'protect', 'production')).toContain('wait for `approve`');
  expect(trainyard('sandbox', 'push')).toMatch(/^Run \d+ of trainyard\.yml: /m);
  const sees = (text: string) => () => trainyard('sandbox', 'status').includes(text);
  await waitFor(sees('waits for `approve`: production'), 'the deploy job to wait', 400_000);
  expect(trainyard('sandbox', 'approve')).toMatch(/approved: production of run \d+/);
  await waitFor(() => /push success: .*deploy /.test(said), 'the push to come through', 300_000);
  const dataPlane = /predictions {2}(?<url>\S+)/.exec(said)?.groups?.['url'] ?? '';
  const answer = await fetch(dataPlane, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dataframe_records: [{ rooms: 2, area: 45 }] }),
  });
  expect(await answer.json()).toMatchObject({ predictions: [expect.closeTo(4_300, -3)] });
  trainyard('sandbox', 'comment', '/status');
  await waitFor(sees('production: version 1'), 'the answer to /status', 120_000);
});
