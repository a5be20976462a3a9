import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { check } from '../../cli/check/check.ts';
import { HAS_TOOLCHAIN, PYTHON, ROOT } from '../../sandbox/checkout.ts';
import { ARGS, BEFORE, runInit } from './support/run-init.ts';
import { createStranger } from './support/stranger.ts';

const ADOPTING = [...ARGS, '--limit', '9000', '--adopt', 'models:/flats/3'];

describe('init --adopt', () => {
  test('has the first push log the model that exists, and check has nothing against it', async () => {
    const folder = createStranger(BEFORE);
    const { code, lines } = await runInit(folder, ADOPTING);
    expect(code).toBe(0);
    expect(lines.join('\n')).toContain(
      'adopts   models:/flats/3: the first push judges it as it is, and rolls it out. Once it serves, write `train: fit`',
    );
    const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
    expect(read('trainyard.yml')).toContain(
      '  # adopt logs models:/flats/3 as it is. Once that serves, train: fit\n  steps: { train: adopt }\n',
    );
    expect(read('ml/MLproject')).toMatch(
      /--loss \{loss\}"\n {2}adopt:.*\n {4}parameters: \{"trees".*\n.*python adopt.py models:\/flats\/3"\n$/,
    );
    expect(read('ml/adopt.py')).toBe(readFileSync(path.join(ROOT, 'cli/init/adopt.py'), 'utf8'));
    const env = { MLFLOW_TRACKING_URI: 'http://mlflow' };
    const checked = await check({ folder, file: 'trainyard.yml', env, root: ROOT });
    expect(checked.filter(({ kind }) => kind === 'flawed')).toEqual([]);
    expect((await runInit(folder, ADOPTING)).code).toBe(0);
  });

  test('puts nothing back that somebody has taken out of a file', async () => {
    const folder = createStranger(BEFORE);
    await runInit(folder, ADOPTING);
    const file = path.join(folder, 'trainyard.yml');
    const less = readFileSync(file, 'utf8').replace(/^ {4}time:.*\n/m, '');
    writeFileSync(file, less);
    const { code, lines } = await runInit(folder, ADOPTING);
    expect(code).toBe(1);
    expect(lines.join('\n')).toMatch(/differs: trainyard\.yml\n.*time: sold_at/s);
    expect(readFileSync(file, 'utf8')).toBe(less);
  });

  test('takes the name of the model from what is adopted', async () => {
    const folder = createStranger(BEFORE);
    const unnamed = ADOPTING.filter((arg) => arg !== '--model' && arg !== 'flats');
    await runInit(folder, unnamed.with(-1, 'models:/houses@champion'));
    expect(readFileSync(path.join(folder, 'trainyard.yml'), 'utf8')).toContain('model: houses');
  });

  test.each(['flats/3', 'models:/flats', 'models:/$(id)/3'])(
    'refuses what is no such model: %s',
    async (uri) => {
      const folder = createStranger(BEFORE);
      await expect(runInit(folder, ADOPTING.with(-1, uri))).rejects.toThrow(
        /--adopt is .*models:\/NAME\/VERSION/s,
      );
    },
  );

  test('takes no entry point away that is called so', async () => {
    const own = 'name: flats\nentry_points:\n  fit: { command: a }\n  adopt: { command: adopt a cat }\n';
    const folder = createStranger({ ...BEFORE, 'ml/MLproject': own });
    await expect(runInit(folder, ADOPTING)).rejects.toThrow(/adopt-entry-point|entry point adopt of its own/);
    expect(readFileSync(path.join(folder, 'ml/MLproject'), 'utf8')).toBe(own);
  });
});

test.runIf(HAS_TOOLCHAIN).each([
  { what: 'logs the model in the run of the training', signed: [], ownRun: true, asIs: false },
  { what: 'leaves every byte of what somebody has signed', signed: ['signed'], ownRun: false, asIs: true },
])(
  'the script that it writes $what',
  ({ signed, ownRun, asIs }) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ty-adopt-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const play = path.join(ROOT, 'test/fixtures/adopted.py');
    const said = execFileSync(PYTHON, [play, folder, path.join(ROOT, 'cli/init/adopt.py'), ...signed], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(JSON.parse(said.trim().split('\n').at(-1) ?? '')).toEqual({
      metrics: { mae: 7.5 },
      from: 'models:/flats/1',
      status: 'READY',
      ...{ ownRun, asIs },
      signature: true,
      answer: [[2, 4]],
    });
  },
  120_000,
);
