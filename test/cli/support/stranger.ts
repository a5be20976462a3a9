import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ROOT } from '../../../sandbox/checkout.ts';

/** A repository that is not our example: prices of flats, learned from a table whose rows are ordered in time. */
const FILES: Readonly<Record<string, string>> = {
  'ml/MLproject': [
    'name: flats',
    'entry_points:',
    '  fit:',
    '    parameters:',
    '      trees: { type: int, default: 200 }',
    '      rate: float',
    '      loss: { type: string, default: huber }',
    '    command: "python fit.py --trees {trees} --rate {rate} --loss {loss}"',
    '',
  ].join('\n'),
  'ml/data/sold.csv': 'flat,sold_at,district,rooms,price\na,2026-01-01,north,2,101000\n',
  'ml/data/unseen.csv': [
    'flat,sold_at,district,rooms,price',
    'b,2026-02-01,north,3,151000',
    'c,2026-02-02,south,1,73500.5',
    '',
  ].join('\n'),
  'trainyard.yml': [
    'version: 1',
    'model: flats',
    'tracking: { uri: "https://mlflow.example.com" }',
    'project: { uri: ml, steps: { train: fit }, parameters: { trees: 300, rate: 0.05 } }',
    'data:',
    '  inputs: [ml/data/sold.csv]',
    '  holdout: { path: ml/data/unseen.csv, target: price, id: flat, time: sold_at, slices: [district] }',
    'gate:',
    '  - { metric: mae, ceiling: 9000, require: non-inferior, margin: 2% }',
    'environments:',
    '  production: { hosts: ["https://serve-1:9443"] }',
    '',
  ].join('\n'),
};

/** Makes the repository, with some of its files otherwise: `undefined` leaves one out. Everything is committed on `trunk`. */
export function createStranger(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-stranger-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, '.github'), { recursive: true });
  cpSync(path.join(ROOT, 'workflows-templates'), path.join(folder, '.github', 'workflows'), {
    recursive: true,
  });
  for (const [file, text] of Object.entries({ ...FILES, ...changes })) {
    if (text === undefined) rmSync(path.join(folder, file), { force: true });
    else writeInto(folder, file, text);
  }
  git(folder, 'init', '--quiet', '--initial-branch', 'trunk');
  git(folder, 'add', '--all');
  git(
    folder,
    '-c',
    'user.name=ada',
    '-c',
    'user.email=ada@localhost',
    'commit',
    '--quiet',
    '--message',
    'Begin',
  );
  return folder;
}

/** Writes a file of the repository that nobody has committed. */
export function writeInto(folder: string, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}

/** One of its files, as `createStranger` writes it, with a part of it otherwise. */
export function fileWith(file: string, part: string, other: string): Record<string, string> {
  const text = FILES[file];
  if (text?.includes(part) !== true) throw new Error(`${file} holds no ${part}.`);
  return { [file]: text.replace(part, other) };
}

/** Notes a submodule in the index of a repository, as a clone has it that fetched none. */
export function addSubmodule(folder: string, place: string): void {
  git(folder, 'update-index', '--add', '--cacheinfo', `160000,${'c'.repeat(40)},${place}`);
}

function git(folder: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
