// Runs `scripts/<name>.ts` with all it needs installed into this checkout: npm packages and one virtual environment.
// Plain JavaScript on purpose: it starts on whatever Node (>= 20) the machine has, and hands over to Node 24.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const STATE = join(ROOT, '.trainyard');
const VENV = join(STATE, 'venv');
const OLDEST_PYTHON = [3, 10];
const SCRIPTS = [
  'setup',
  'test',
  'demo',
  'bench',
  'simulate',
  'models',
  'build',
  'docs',
  'house',
  'sandbox',
  'stack',
  'pictures',
  'site',
  'package-agent',
  'test-docker',
  'test-kill',
];
/** Scripts that need only Node; the rest also need the virtual environment. */
const NODE_ONLY = ['build', 'docs', 'house', 'simulate', 'site', 'pictures', 'package-agent'];
/** Git hooks of this repository: the bundle is rebuilt with its sources, and subjects stay short. */
const HOOKS = '.githooks';

main(process.argv.slice(2));

function main([name, ...rest]) {
  if (!SCRIPTS.includes(name)) fail(`unknown script '${name}': one of ${SCRIPTS.join(', ')}`);
  mkdirSync(STATE, { recursive: true });
  installPackages();
  installHooks();
  if (!NODE_ONLY.includes(name) && !rest.includes('--help')) installPython();
  if (name === 'setup') return say('all parts are installed in this checkout');
  process.exit(runScript(name, rest));
}

/** Installs npm's packages when the lockfile has changed since the last time, or when they are missing. */
function installPackages() {
  const digest = digestOf('package-lock.json');
  const node = join(ROOT, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(node) && readStamp('npm') === digest) return;
  say('installing npm packages into node_modules');
  run(
    'npm',
    ['ci', '--no-fund', '--no-audit', '--loglevel=error'],
    'npm could not install the packages of package-lock.json',
  );
  if (!existsSync(node)) {
    // Some npm versions skip the install scripts of dependencies, and with it the one that places Node 24.
    run(
      'npm',
      ['rebuild', 'node', '--ignore-scripts=false'],
      'npm could not place the Node 24 binary of the package node',
    );
  }
  writeStamp('npm', digest);
}

/** Points git at our hooks: in a checkout of this repository, outside CI, and only where nobody has hooks or a folder of their own. */
function installHooks() {
  if (process.env.CI) return;
  const top = askGit('rev-parse', '--show-toplevel');
  if (top === undefined || realpathSync(top) !== realpathSync(ROOT)) return;
  if (askGit('config', '--get', 'core.hooksPath') !== undefined || hasOwnHooks()) return;
  if (askGit('config', '--local', 'core.hooksPath', HOOKS) !== undefined)
    say(`git hooks are in ${HOOKS} (git config --unset core.hooksPath removes them)`);
}

function hasOwnHooks() {
  const folder = resolve(ROOT, askGit('rev-parse', '--git-path', 'hooks') ?? '.git/hooks');
  return existsSync(folder) && readdirSync(folder).some((name) => !name.endsWith('.sample'));
}

/** What git says, or `undefined` when it fails or is missing. */
function askGit(...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Makes .trainyard/venv from requirements.txt, anew whenever that file has changed. */
function installPython() {
  const digest = digestOf('requirements.txt');
  const python = join(VENV, 'bin', 'python');
  if (existsSync(python) && readStamp('python') === digest) return;
  const interpreter = findPython();
  say(
    'making the virtual environment .trainyard/venv (MLflow, PyTorch, TorchServe, a JVM, Envoy, act): some minutes',
  );
  rmSync(VENV, { recursive: true, force: true });
  run(
    interpreter,
    ['-m', 'venv', VENV],
    `${interpreter} could not make a virtual environment; Debian needs the package python3-venv`,
  );
  run(
    python,
    [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--requirement',
      join(ROOT, 'requirements.txt'),
    ],
    'pip could not install requirements.txt',
  );
  writeStamp('python', digest);
}

function findPython() {
  for (const candidate of [process.env.PYTHON, 'python3', 'python'].filter(Boolean)) {
    const probe = spawnSync(candidate, ['-c', 'import sys; print(*sys.version_info[:2])'], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    const [major, minor] = (probe.stdout ?? '').trim().split(' ').map(Number);
    if (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]) return candidate;
  }
  return fail(
    `no Python >= ${OLDEST_PYTHON.join('.')} found: install one, or name it in the environment variable PYTHON`,
  );
}

function runScript(name, rest) {
  const bin = join(ROOT, 'node_modules', '.bin');
  const PATH = [bin, process.env.PATH].join(delimiter);
  const script = join(ROOT, 'scripts', `${name}.ts`);
  const child = spawnSync(join(bin, 'node'), ['--disable-warning=ExperimentalWarning', script, ...rest], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH },
  });
  return child.status ?? 1;
}

function run(command, args, advice) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) fail(`${advice} (${command} ${error?.message ?? `exited with ${status}`})`);
}

function digestOf(file) {
  return createHash('sha256')
    .update(readFileSync(join(ROOT, file)))
    .digest('hex');
}

function readStamp(name) {
  const file = join(STATE, `${name}.stamp`);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function writeStamp(name, digest) {
  writeFileSync(join(STATE, `${name}.stamp`), digest);
}

function say(line) {
  process.stdout.write(`trainyard: ${line}\n`);
}

function fail(line) {
  process.stderr.write(`trainyard: ${line}\n`);
  process.exit(1);
}
