import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMON_OUTPUTS, CONTRACTS } from '../../actions/job/contract.ts';
import { VERSION } from '../../core/version.ts';
import { STATE_DIR } from '../../sandbox/checkout.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const DIST = path.join(ROOT, 'actions', 'dist');
const AGENT_DIST = path.join(ROOT, 'agent', 'dist');
const SOURCES = [
  'actions',
  'adapters',
  'agent',
  'cli',
  'core',
  'sandbox',
  'scripts',
  'package.json',
  'tsconfig.json',
  'LICENSE',
];

// Below the checkout, so that the packages can be linked file by file instead of copied.
mkdirSync(STATE_DIR, { recursive: true });
const folder = mkdtempSync(path.join(STATE_DIR, 'bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

describe('the committed bundle', () => {
  const rebuilt = path.join(folder, 'rebuilt');

  beforeAll(() => {
    // Another checkout in another place: what depends on where it was built shows.
    const checkout = path.join(folder, 'elsewhere');
    for (const source of SOURCES) {
      cpSync(path.join(ROOT, source), path.join(checkout, source), { recursive: true });
    }
    run('cp', ['-al', path.join(ROOT, 'node_modules'), checkout], ROOT);
    const args = [path.join(checkout, 'scripts', 'build.ts'), rebuilt];
    run(process.execPath, args, checkout);
  }, 300_000);

  test.each(['actions', 'agent', 'cli'])(
    'of %s is what the sources give, byte for byte, wherever they are built',
    (part) => {
      const committed = path.join(ROOT, part, 'dist');
      const built = path.join(rebuilt, part, 'dist');
      const files = readdirSync(built).toSorted();
      expect(readdirSync(committed).toSorted()).toEqual(files);
      const differing = files.filter(
        (file) => !readFileSync(path.join(committed, file)).equals(readFileSync(path.join(built, file))),
      );
      expect(differing, `run \`npm run bundle\` and commit ${part}/dist`).toEqual([]);
    },
  );

  test('holds one bundle, the licences in it, and a stub per action', () => {
    const stubs = Object.keys(CONTRACTS).map((name) => `${name}.mjs`);
    expect(readdirSync(DIST).toSorted()).toEqual([...stubs, 'licenses.txt', 'trainyard.mjs'].toSorted());
  });

  test('names no path of the machine it was built on, and holds no Docker client', () => {
    const text = readFileSync(path.join(DIST, 'trainyard.mjs'), 'utf8');
    expect(text).not.toContain(ROOT);
    expect(text).not.toContain('.trainyard/build-');
    expect(text).not.toMatch(/dockerode|docker-modem/);
  });

  test('of the agent starts by itself, far from any packages, and leaves the Docker client out', () => {
    const alone = path.join(mkdtempSync(path.join(tmpdir(), 'ty-')), 'agent.mjs');
    cpSync(path.join(AGENT_DIST, 'agent.mjs'), alone);
    const start = (...args: readonly string[]) =>
      spawnSync(process.execPath, [alone, ...args], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
    expect(start('--help').stdout).toContain('--max-in-flight');
    const refused = start('run', '--python', path.join(folder, 'no-python'), '--data-dir', folder);
    expect(refused.stderr).toContain('at least one access token is needed');
    expect(refused.status).toBe(2);
    const text = readFileSync(alone, 'utf8');
    expect(text).not.toContain(ROOT);
    expect(text).not.toContain('docker-modem');
    rmSync(path.dirname(alone), { recursive: true });
  });
});

describe('the built command line', () => {
  /** With the Node that this machine has beside ours, where it has one: what a laptop has is older. */
  function start(...args: readonly string[]) {
    const places = ['/usr/local/bin', '/usr/bin', '/bin', path.dirname(process.execPath)];
    const cli = path.join(ROOT, 'cli', 'dist', 'trainyard.mjs');
    const env = { PATH: places.join(path.delimiter) };
    return spawnSync('node', [cli, ...args], { cwd: folder, encoding: 'utf8', env });
  }

  test('starts from any folder, and says what it can do and what is missing', () => {
    expect(start('--version').stdout).toBe(`${VERSION}\n`);
    expect(start('--help').stdout).toContain('check');
    const { status, stdout, stderr } = start('check');
    expect(stdout).toContain('There is no trainyard.yml');
    expect([status, stderr]).toEqual([1, '']);
    expect(start('chek').stderr).toContain('Did you mean check?');
    expect(start('check', '--brunch', 'x').status).toBe(2);
  });

  test('needs no Node 24, and names no path of the machine it was built on', () => {
    const text = readFileSync(path.join(ROOT, 'cli', 'dist', 'cli.mjs'), 'utf8');
    expect(text).not.toContain('node:sqlite');
    expect(text).not.toContain(ROOT);
  });
});

describe.each(Object.keys(CONTRACTS))('the built action %s', (name) => {
  test('starts, says which version it is and what is wrong without a stack, and gives all its outputs', () => {
    const output = path.join(folder, `${name}.out`);
    const event = path.join(folder, 'event.json');
    writeFileSync(output, '');
    writeFileSync(event, '{}');
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(DIST, `${name}.mjs`)], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        GITHUB_OUTPUT: output,
        GITHUB_WORKSPACE: folder,
        GITHUB_EVENT_PATH: event,
        RUNNER_TEMP: folder,
        'INPUT_GITHUB-TOKEN': 'ghs_secret',
      },
    });
    expect(status).toBe(1);
    expect(stderr).toBe('');
    expect(stdout.split('\n')[0]).toBe(`Trainyard ${VERSION}, ${name}`);
    expect(stdout).toMatch(/::error title=trainyard%3A (output-dropped|missing-config)[^\n]*::/);
    expect(stdout).not.toMatch(/^\s+at /m);
    const given = [...readFileSync(output, 'utf8').matchAll(/^(?<name>[\w-]+)<<ghadelimiter/gm)].map(
      (match) => match.groups?.['name'],
    );
    const contract = Object.values(CONTRACTS).find((one) => one.name === name);
    expect(given).toEqual([...COMMON_OUTPUTS, ...(contract?.outputs ?? [])]);
  });
});
