import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { CHECKPOINT_VARIABLE, RESUME_VARIABLE } from '../../core/names.ts';
import { prepareData, readProject } from '../../measure/scenes/world.ts';
import { venvProgram } from '../../sandbox/checkout.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { beginLedger } from '../adapters/support/begin-ledger.ts';
import { findCommands } from '../adapters/support/find-commands.ts';
import { openPlace, type Place } from './support/open-place.ts';

/** Where what the attack takes would lie. */
let loot: string;
const SIGNING_KEY = generateKeyPairSync('ed25519')
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
/** A number of seconds that no other process of this machine sleeps. */
const MARK = `86${process.pid}`;

let place: Place;
let run: WorkflowRun;
/** All that its jobs printed. */
let log: string;

beforeAll(async () => {
  const [deadPort = 0] = await findFreePorts(1);
  place = await openPlace({
    name: 'malice',
    people: { ada: 'maintain' },
    secrets: { TRAINYARD_SIGNING_KEY: SIGNING_KEY, TRAINYARD_AGENT_TOKEN: 'a token nobody checks' },
    env: { SERVING_HOST: `http://127.0.0.1:${deadPort}` },
    parallel: 1,
    prepare: async (folder) => {
      loot = path.join(folder, 'loot');
      mkdirSync(loot);
      const store = path.join(folder, 'raw');
      await prepareData(venvProgram('python'), store);
      return { env: { MNIST_DATA: store } };
    },
  });
  const { sandbox, finish } = place;
  beginLedger(sandbox.remote, 'ada');
  const project = readProject();
  const first = sandbox.push(project, { user: 'ada', message: '[skip train]' });
  await Promise.all(first.map(sandbox.finished));
  const { number } = sandbox.openPullRequest({
    user: 'ada',
    branch: 'better',
    title: 'A better model',
    files: {
      'trainyard/__init__.py': steal('shadow'),
      'trainyard/evaluate.py': steal('shadow'),
      'usercustomize.py': steal('usercustomize'),
      'sitecustomize.py': steal('sitecustomize'),
      'conftest.py': steal('conftest'),
      'train.py': `${attackOf(loot)}\nattack('train')\n${String(project['train.py'])}`,
    },
  });
  run = await finish(sandbox.comment('ada', number, '/train epochs=1'));
  log = readFileSync(run.log, 'utf8');
}, 600_000);
afterAll(async () => {
  await place?.close();
  for (const planted of plantedModules()) rmSync(planted);
}, 60_000);

describe('a pull request that means harm', () => {
  it('is trained, predicted, judged and packed as any other', () => {
    const results = ['plan', 'train', 'predict', 'judge', 'register', 'build'].map(
      (job) => `${job}: ${run.jobs.get(job)?.result}`,
    );
    expect(results).toEqual(results.map((said) => said.replace(/: .*/, ': success')));
    expect(log).toContain('boxed: namespaces, with network');
    expect(log).toContain('boxed: namespaces, no network');
  });

  it('runs no file of its working copy in the place of ours', () => {
    expect(readdirSync(loot)).toEqual([]);
  });

  it('reads no variable of the job, and sets no output of it', () => {
    expect(log).toContain('attack of train');
    expect(log).not.toContain('LOOT');
    expect(outputOf(run, 'train', 'run-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('leaves nothing where the next job would run it, and no process', async () => {
    expect(plantedModules()).toEqual([]);
    expect(await findCommands(MARK)).toEqual([]);
  });
});

/** A module that shows that it was imported, and goes on. */
function steal(name: string): string {
  return `open(${JSON.stringify(path.join(loot, name))}, 'w').close()\n`;
}

/** Where a module would be found by every Python of this environment. */
function plantedModules(): readonly string[] {
  const library = path.join(path.dirname(venvProgram('python')), '..', 'lib');
  return readdirSync(library)
    .map((version) => path.join(library, version, 'site-packages', 'planted_by_a_pull_request.py'))
    .filter((file) => existsSync(file));
}

/** What a training is given on purpose: where its checkpoints go, and which run it goes on with. */
const GIVEN = [CHECKPOINT_VARIABLE, RESUME_VARIABLE];

/** What a script tries that wants more than to train: every success is told with the word that the test looks for. */
const attackOf = (folder: string) => `
import glob as _glob, os as _os, re as _re, subprocess as _subprocess, sys as _sys, sysconfig as _sysconfig

def attack(who):
    print('attack of', who, file=_sys.stderr, flush=True)
    for file in _glob.glob('/proc/[0-9]*/environ'):
        try:
            text = open(file).read()
        except OSError:
            continue
        for name in _re.findall(r'((?:GITHUB|ACTIONS|RUNNER|INPUT|TRAINYARD|STATE)_[A-Z_]+)=', text):
            if name not in ${JSON.stringify(GIVEN)}:
                print('LO' + 'OT:', who, 'read', name, file=_sys.stderr, flush=True)
        for output in _re.findall(r'GITHUB_(?:OUTPUT|ENV|PATH)=([^\\0]+)', text):
            open(output, 'a').write('run-id=forged\\n')
    for place in (${JSON.stringify(folder)}, _sysconfig.get_paths()['purelib']):
        try:
            open(place + '/planted_by_a_pull_request.py', 'w').close()
        except OSError:
            pass
        else:
            # In the box's own /tmp it harms nobody; the test looks at the real one.
            continue
    _subprocess.Popen(['setsid', 'sleep', '${MARK}'], stdout=_subprocess.DEVNULL, stderr=_subprocess.DEVNULL)
`;
