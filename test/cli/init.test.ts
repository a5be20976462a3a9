import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { check } from '../../cli/check/check.ts';
import { UserError } from '../../core/errors.ts';
import { HAS_TOOLCHAIN, PYTHON, ROOT } from '../../sandbox/checkout.ts';
import { ARGS, BEFORE, runInit } from './support/run-init.ts';
import { createStranger, writeInto } from './support/stranger.ts';

test('makes a repository that check has nothing against', async () => {
  const folder = createStranger(BEFORE);
  const { code, lines } = await runInit(folder, [...ARGS, '--limit', '9000']);
  expect(code).toBe(0);
  const checked = await check({
    folder,
    file: 'trainyard.yml',
    env: { MLFLOW_TRACKING_URI: 'http://mlflow' },
    root: ROOT,
  });
  expect(checked.filter(({ kind }) => kind === 'flawed')).toEqual([]);
  const config = readFileSync(path.join(folder, 'trainyard.yml'), 'utf8');
  expect(config).toContain('steps: { train: fit }');
  expect(config).toMatch(/trees: 200\n {4}rate: 0.05\n {4}loss: huber/);
  expect(config).toContain('time: sold_at');
  expect(config).toContain('metric: mae');
  expect(readFileSync(path.join(folder, '.github/workflows/trainyard.yml'), 'utf8')).toContain(
    'branches: ["trunk"]',
  );
  expect(lines.join('\n')).toContain('gh secret set TRAINYARD_SIGNING_KEY < .trainyard/secrets/signing.key');
});

test('writes the command that brings what DVC keeps', async () => {
  const kept = { '.gitignore': 'ml/data/*.csv\n', 'ml/data/unseen.csv.dvc': 'outs: []\n' };
  const folder = createStranger({ ...BEFORE, ...kept });
  const holdout = ['--holdout', 'ml/data/unseen.csv', '--input', 'ml/data/sold.csv'];
  writeInto(folder, 'ml/data/unseen.csv', 'flat,sold_at,district,rooms,price\nb,2026-02-01,north,3,151000\n');
  await runInit(folder, [...ARGS, ...holdout, '--limit', '9000']);
  expect(readFileSync(path.join(folder, 'trainyard.yml'), 'utf8')).toContain(
    '  fetch: dvc pull ml/data/unseen.csv.dvc # run before data are read, on both runners\n',
  );
});

/** An MLflow with one run of one experiment. */
async function startMlflow(
  experiment: string,
  metrics: Readonly<Record<string, number>>,
  mlmodel?: string,
): Promise<string> {
  const run = {
    info: {
      run_id: 'r1',
      experiment_id: '7',
      status: 'FINISHED',
      start_time: 1,
      artifact_uri: 'mlflow-artifacts:/7/r1',
    },
    data: {
      metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: 1, step: 0 })),
      params: [],
      tags: [],
    },
    ...(mlmodel !== undefined && { outputs: { model_outputs: [{ model_id: 'm-1', step: 0 }] } }),
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const isFound = url.searchParams.get('experiment_name') === experiment;
    const answers: Readonly<Record<string, unknown>> = {
      'experiments/get-by-name': isFound
        ? { experiment: { experiment_id: '7', name: experiment } }
        : undefined,
      'runs/search': { runs: [run] },
      'logged-models/m-1': { model: { info: { artifact_uri: 'mlflow-artifacts:/7/m-1' } } },
    };
    if (url.pathname.endsWith('/MLmodel')) {
      response.end(mlmodel);
      return;
    }
    const answer = Object.entries(answers).find(([path]) => url.pathname.endsWith(path))?.[1];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'none' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

test('says how good a first model must be by the newest run, else as told, else that nobody said', async () => {
  const gateOf = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
    const folder = createStranger(BEFORE);
    const { lines } = await runInit(folder, [...ARGS, ...args], env);
    const text = readFileSync(path.join(folder, 'trainyard.yml'), 'utf8');
    return { text, left: lines.filter((line) => line.includes('--limit')) };
  };
  const env = { MLFLOW_TRACKING_URI: await startMlflow('houses', { val_mae: 8_000 }) };
  const learned = await gateOf(['--experiment', 'houses'], env);
  expect(learned.text).toContain('- { metric: mae, ceiling: 9600, require: non-inferior, margin: 10% }');
  expect(learned.text).toContain('the run r1 had val_mae 8000');
  expect(learned.text).toContain('  experiment: houses');
  expect(learned.left).toEqual([]);
  const other = await gateOf([], env);
  expect(other.text).toContain('- { metric: mae, require: non-inferior, margin: 10% }');
  expect(learned.text).toMatch(/The 2 examples of the holdout are too few even for that, .* 160;/);
  expect(other.left.join()).toMatch(/no run of the experiment flats has ended well/);
  expect((await gateOf(['--limit', '9000'], {})).text).toContain('ceiling: 9000,');
  expect((await gateOf([], {})).left.join()).toMatch(/MLFLOW_TRACKING_URI names no server here/);
});

const SIGNED = [
  'signature:',
  `  inputs: '[{"type": "string", "name": "district"}, {"type": "long", "name": "rooms"}]'`,
  `  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'`,
  '',
].join('\n');

test('takes for the truth the one column that the newest model is not given, and for its answers what its signature says', async () => {
  const env = { MLFLOW_TRACKING_URI: await startMlflow('flats', { val_mae: 8_000 }, SIGNED) };
  const args = ['--model', 'flats', '--parameter', 'rate=0.05', '--id', 'flat'];
  const folder = createStranger(BEFORE);
  expect((await runInit(folder, args, env)).code).toBe(0);
  const text = readFileSync(path.join(folder, 'trainyard.yml'), 'utf8');
  expect(text).toContain('target: price #');
  expect(text).toContain('answers: { task: regression } #');
  const checked = await check({ folder, file: 'trainyard.yml', env, root: ROOT });
  expect(checked.filter(({ kind }) => kind === 'flawed')).toEqual([]);
  // What takes columns that the table has not was trained on something else.
  const other = { MLFLOW_TRACKING_URI: await startMlflow('flats', {}, SIGNED.replace('rooms', 'floors')) };
  await expect(runInit(createStranger(BEFORE), args, other)).rejects.toThrow('--target');
});

const PICTURES = [
  'import numpy, sys',
  'labels = ["cat", "dog"] * 10',
  'numpy.savez(sys.argv[1], image=numpy.zeros((20, 3, 4, 4), "float32"), label=labels, file_id=numpy.arange(20))',
].join('\n');

test.runIf(HAS_TOOLCHAIN)('reads what lies beside pictures', async () => {
  const folder = createStranger({ ...BEFORE, 'ml/data/unseen.csv': undefined });
  execFileSync(PYTHON, ['-c', PICTURES, path.join(folder, 'holdout.npz')]);
  const { code } = await runInit(folder, [
    '--model',
    'pets',
    '--parameter',
    'rate=1',
    '--holdout',
    'holdout.npz',
  ]);
  expect(code).toBe(0);
  const config = readFileSync(path.join(folder, 'trainyard.yml'), 'utf8');
  expect(config).toMatch(/target: label .*\n {4}id: file_id .*\ngate/);
  expect(config).toContain('metric: accuracy');
});

test('keeps every secret out of what git sees and others may read', async () => {
  const folder = createStranger(BEFORE);
  const { lines } = await runInit(folder);
  const secrets = path.join(folder, '.trainyard', 'secrets');
  const read = (name: string) => readFileSync(path.join(secrets, name), 'utf8');
  for (const name of ['signing.key', 'agent-token', 'dispatch-secret', 'tokens']) {
    expect(statSync(path.join(secrets, name)).mode & 0o077).toBe(0);
    expect(lines.join('\n')).not.toContain(read(name));
  }
  expect(createPublicKey(createPrivateKey(read('signing.key'))).export({ type: 'spki', format: 'pem' })).toBe(
    read('signing.pub'),
  );
  expect(read('tokens')).toContain(`deployer ${read('agent-token')}\n`);
  expect(readFileSync(path.join(folder, '.gitignore'), 'utf8')).toBe('.trainyard/\n');
});

test.each([
  ['OTHER=1\n', ['left     .env.example as it is: it lacks MLFLOW_TRACKING_URI=']],
  ['# ours\nexport MLFLOW_TRACKING_URI=http://mlflow\n', []],
])('leaves an .env.example that is there alone: %j', async (text, said) => {
  for (const force of [[], ['--force']]) {
    const folder = createStranger({ ...BEFORE, '.env.example': text });
    const { code, lines } = await runInit(folder, [...ARGS, ...force]);
    expect(code).toBe(0);
    expect(readFileSync(path.join(folder, '.env.example'), 'utf8')).toBe(text);
    expect(lines.filter((line) => line.startsWith('left '))).toEqual(said);
    expect(existsSync(path.join(folder, 'trainyard.yml'))).toBe(true);
  }
});

test.each([
  ['signing.key', 'signing.pub'],
  ['signing.pub', 'signing.key'],
  ['agent-token', 'tokens'],
  ['tokens', 'agent-token'],
])('makes no %s anew beside a %s that it would not fit', async (gone, kept) => {
  const folder = createStranger(BEFORE);
  await runInit(folder);
  const at = (name: string) => path.join(folder, '.trainyard', 'secrets', name);
  const text = readFileSync(at(kept), 'utf8');
  rmSync(at(gone));
  for (const _ of ['once', 'and again']) {
    const { code, lines } = await runInit(folder);
    expect(code).toBe(0);
    expect(existsSync(at(gone))).toBe(false);
    expect(readFileSync(at(kept), 'utf8')).toBe(text);
    expect(lines.filter((line) => line.startsWith('made '))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('left ')).join()).toMatch(
      new RegExp(`${gone} is not there.*${kept}`),
    );
  }
});

test('shows what would be otherwise, and writes nothing over what is there unless told', async () => {
  const folder = createStranger(BEFORE);
  await runInit(folder);
  const file = path.join(folder, 'trainyard.yml');
  const own = readFileSync(file, 'utf8').replace('margin: 10%', 'margin: 3%');
  writeFileSync(file, own);
  const key = readFileSync(path.join(folder, '.trainyard/secrets/signing.key'), 'utf8');
  const { code, lines } = await runInit(folder);
  expect(code).toBe(1);
  expect(lines.filter((line) => /^ {2}[-+]/.test(line)).map((line) => line.trim())).toEqual([
    '-  - { metric: mae, require: non-inferior, margin: 3% }',
    '+  - { metric: mae, require: non-inferior, margin: 10% }',
  ]);
  expect(readFileSync(file, 'utf8')).toBe(own);
  expect((await runInit(folder, [...ARGS, '--force'])).code).toBe(0);
  expect(readFileSync(file, 'utf8')).not.toBe(own);
  expect(readFileSync(path.join(folder, '.trainyard/secrets/signing.key'), 'utf8')).toBe(key);
});

test.each([
  ['a parameter without a value', ['--parameter', 'rate=0.05'], 'parameter-without-value'],
  ['a target that no name tells', ['--target', 'price'], 'which-target'],
  ['a model’s name that is none', ['--model', 'flats'], 'model-name'],
])('asks for %s, and writes nothing', async (_, left, code) => {
  const folder = createStranger(BEFORE);
  const at = ARGS.indexOf(left[1] ?? '');
  const args = [
    ...ARGS.slice(0, at - 1),
    ...ARGS.slice(at + 1),
    ...(code === 'model-name' ? ['--model', '-x y'] : []),
  ];
  const thrown: unknown = await runInit(
    folder,
    args.map((one) => (one === '-x y' ? 'x y' : one)),
  ).catch((error: unknown) => error);
  expect(thrown instanceof UserError ? thrown.problems.map((problem) => problem.code) : thrown).toEqual([
    code,
  ]);
  expect(existsSync(path.join(folder, 'trainyard.yml'))).toBe(false);
  expect(existsSync(path.join(folder, '.trainyard'))).toBe(false);
});

/** A GitHub CLI that answers lists as told, and notes whatever else it is asked. */
function createGitHub(lists: {
  secrets?: string;
  variables?: string;
  environments?: string;
  rulesets?: string;
}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-gh-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const answer = (text = '') => `printf '${text}' ;;`;
  const script = [
    '#!/bin/sh',
    'case "$*" in',
    '"auth status") ;;',
    `"secret list") ${answer(lists.secrets)}`,
    `"variable list") ${answer(lists.variables)}`,
    `*--method*) echo "$*" >> ${folder}/asked ;;`,
    `*/environments*) ${answer(lists.environments)}`,
    `*/rulesets*) ${answer(lists.rulesets)}`,
    `*) echo "$*" >> ${folder}/asked ;;`,
    'esac',
    '',
  ].join('\n');
  writeFileSync(path.join(folder, 'gh'), script, { mode: 0o755 });
  writeFileSync(path.join(folder, 'asked'), '');
  const asked = () => readFileSync(path.join(folder, 'asked'), 'utf8').split('\n').filter(Boolean);
  return { env: { PATH: `${folder}:${process.env['PATH']}` }, asked };
}

test('applies to a live repository nothing, and says what it left', async () => {
  const { env, asked } = createGitHub({
    secrets: ['AGENT_TOKEN', 'DISPATCH_SECRET', 'SIGNING_KEY']
      .map((name) => `TRAINYARD_${name}\\t2026\\n`)
      .join(''),
    variables: 'MLFLOW_TRACKING_URI\\thttp://mlflow\\t2026\\n',
    environments: 'production\\n',
    rulesets: 'trainyard ledger\\n',
  });
  const { code, lines } = await runInit(createStranger(BEFORE), [...ARGS, '--apply'], env);
  expect(asked()).toEqual([]);
  expect(code).toBe(0);
  expect(
    lines.filter((line) => line.startsWith('left ')).map((line) => line.split(/[ :]+/).slice(1, 3)),
  ).toEqual([
    ['secret', 'TRAINYARD_AGENT_TOKEN'],
    ['secret', 'TRAINYARD_DISPATCH_SECRET'],
    ['secret', 'TRAINYARD_SIGNING_KEY'],
    ['variable', 'MLFLOW_TRACKING_URI'],
    ['environment', 'production'],
    ['ruleset', 'trainyard'],
  ]);
});

test('applies what is absent, and no address that nobody gave', async () => {
  const { env, asked } = createGitHub({ secrets: 'TRAINYARD_SIGNING_KEY\\t2026\\n' });
  const { code, lines } = await runInit(createStranger(BEFORE), [...ARGS, '--apply'], env);
  expect(asked().map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
    'secret set TRAINYARD_AGENT_TOKEN',
    'secret set TRAINYARD_DISPATCH_SECRET',
    'api --method PUT repos/{owner}/{repo}/environments/production',
    'api --method POST repos/{owner}/{repo}/rulesets',
  ]);
  expect(code).toBe(0);
  expect(lines.join('\n')).toMatch(/^skipped {2}variable MLFLOW_TRACKING_URI/m);
  const given = createGitHub({});
  const uri = { ...given.env, MLFLOW_TRACKING_URI: 'http://mlflow' };
  await runInit(createStranger(BEFORE), [...ARGS, '--apply'], uri);
  expect(given.asked()).toContain('variable set MLFLOW_TRACKING_URI --body http://mlflow');
});

test('applies the settings of a configuration that somebody has changed since, and asks nothing again', async () => {
  const folder = createStranger(BEFORE);
  await runInit(folder);
  const file = path.join(folder, 'trainyard.yml');
  const own = `${readFileSync(file, 'utf8')}  staging:\n    hosts: ["https://stage-1:9443"]\n`;
  writeFileSync(file, own);
  const { env, asked } = createGitHub({});
  const { code, lines } = await runInit(folder, ['--apply'], env);
  expect(code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(own);
  expect(lines[0]).toBe('left     trainyard.yml and the workflows as they are');
  expect(
    asked()
      .filter((line) => line.includes('PUT'))
      .map((line) => line.split('/').at(-1)),
  ).toEqual(['production', 'staging']);
});

test('sends nothing where it can not tell what is set', async () => {
  const { env, asked } = createGitHub({ secrets: "'; exit 1; '" });
  const { code, lines } = await runInit(createStranger(BEFORE), [...ARGS, '--apply'], env);
  expect(asked().filter((line) => line.startsWith('secret'))).toEqual([]);
  expect(code).toBe(1);
  expect(lines.filter((line) => line.startsWith('error'))).toHaveLength(3);
});

test('prints no address that nobody gave, and that its commands replace', async () => {
  const { lines } = await runInit(createStranger(BEFORE));
  expect(lines).toContain('  gh variable set MLFLOW_TRACKING_URI');
  expect(lines.join('\n')).toContain('replaces what is set');
});
