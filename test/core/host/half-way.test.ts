import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readFacts } from '../../../core/host/host-facts.ts';
import { planHost } from '../../../core/host/plan-host.ts';
import { type SetupStep, scriptOf } from '../../../core/host/setup-step.ts';
import { type HostService, planRemoval, startStep } from '../../../core/host/start-steps.ts';

/** A machine in a folder: programs that only say that they ran, and the places of a host below it. */
function createMachine(programs: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-machine-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const place of [
    'bin',
    'opt/trainyard/incoming',
    'etc/trainyard',
    'etc/systemd/system',
    'var/lib/trainyard',
  ])
    mkdirSync(path.join(folder, place), { recursive: true });
  const write = (file: string, text: string) => writeFileSync(path.join(folder, file), text, { mode: 0o755 });
  for (const [name, script] of Object.entries(programs))
    write(`bin/${name}`, `#!/bin/sh\necho "${name} $*" >> ${folder}/ran\n${script}\n`);
  const run = (step: SetupStep) => {
    const input = scriptOf(step).replaceAll(/\/(?:opt|etc|var\/lib)\/(?=trainyard|systemd)/g, `${folder}$&`);
    const env = { ...process.env, PATH: `${folder}/bin:${process.env['PATH']}` };
    const { status, stderr } = spawnSync('/bin/sh', ['-s'], { input, encoding: 'utf8', env });
    return { status, stderr, ran: existsSync(`${folder}/ran`) ? readFileSync(`${folder}/ran`, 'utf8') : '' };
  };
  return { folder, write, run };
}

const SYSTEMD = { systemctl: '' };
const UNIT = 'etc/systemd/system/trainyard-agent.service';

/** An agent that was started without a unit. */
async function startProcess({ folder, write }: ReturnType<typeof createMachine>) {
  write('opt/trainyard/agent.mjs', 'setInterval(() => undefined, 1000);');
  const args = [path.join(folder, 'opt/trainyard/agent.mjs'), 'run'];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  write('var/lib/trainyard/agent.pid', String(child.pid));
  return once(child, 'exit');
}

test('an agent that ran as a process ends before its unit is started: two would want one port', async () => {
  const machine = createMachine(SYSTEMD);
  const ended = startProcess(machine);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(machine.run(startStep('unit')).ran).toContain('restart trainyard-agent');
  await ended;
});

test.each<readonly [string, (service: HostService) => SetupStep | undefined]>([
  ['a process is started', startStep],
  ['it is removed', () => planRemoval()[0]],
])('the unit of an agent ends before %s, and stays away', (_, stepOf) => {
  const machine = createMachine({ ...SYSTEMD, setsid: '', chown: '' });
  machine.write(UNIT, '[Service]');
  const step = stepOf('process');
  const { ran } = machine.run(step ?? startStep('process'));
  expect(ran).toContain('systemctl disable -q --now trainyard-agent');
  expect(existsSync(path.join(machine.folder, UNIT))).toBe(false);
});

test('an environment whose making was broken off is made anew', () => {
  const machine = createMachine({});
  const python = 'opt/trainyard/venv/bin/python';
  mkdirSync(path.join(machine.folder, path.dirname(python)), { recursive: true });
  // As `venv` leaves it when it is ended while it brings pip.
  machine.write(
    python,
    '#!/bin/sh\ncase "$*" in *pip*) echo "No module named pip" >&2; exit 1 ;; esac\nexit 1\n',
  );
  machine.write('bin/python3', `#!/bin/sh\nprintf '#!/bin/sh\\nexit 0\\n' > ${machine.folder}/${python}\n`);
  const contents = {
    settings: { listen: '', dataPlane: '', hostName: '', environment: '', further: {} },
    ...{ agent: '', requirements: [], wheels: [], tokens: '', certificate: '', key: '', trustedKeys: '' },
    service: 'none',
  } as const;
  const step = planHost(readFacts([]), contents).find(({ name }) => name === 'environment');
  expect(step && machine.run(step)).toMatchObject({ status: 0 });
});
