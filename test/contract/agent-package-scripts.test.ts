import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { composeUnit } from '../../core/host/agent-files.ts';
import { HOST_LAYOUT } from '../../core/host/layout.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const isMissing = !existsSync('/usr/bin/dpkg-deb');
if (isMissing)
  console.log('trainyard: not tested: the scripts of the package of the agent, without dpkg-deb');

const made = mkdtempSync(path.join(tmpdir(), 'ty-deb-scripts-'));
const DATABASE = '/var/lib/trainyard/agent.db';
const HOST_ADDED = { [HOST_LAYOUT.unit]: composeUnit('host add'), [HOST_LAYOUT.options]: 'A=b\n' };
const PROCESS = { [HOST_LAYOUT.options]: 'A=b\n' };

/** A machine in a folder, with files by their paths there, and programs that only say that they ran. */
function createMachine(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-deb-machine-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text, { mode: 0o755 });
  };
  mkdirSync(path.join(folder, 'run/systemd/system'), { recursive: true });
  mkdirSync(path.join(folder, 'etc/systemd/system'), { recursive: true });
  for (const [file, text] of Object.entries({ ...files, [DATABASE]: '' })) write(file, text);
  write('ran', '');
  for (const name of ['systemctl', 'deb-systemd-helper', 'deb-systemd-invoke', 'runuser', 'id'])
    write(`bin/${name}`, `#!/bin/sh\necho "${name} $*" >> ${folder}/ran\n`);
  const run = (name: string, ...args: readonly string[]) => {
    const script = readFileSync(path.join(made, 'control', name), 'utf8');
    const input = script.replaceAll(/\/(?:etc|opt|run|var\/lib)\/(?=trainyard|systemd)/g, `${folder}$&`);
    const env = { PATH: `${folder}/bin:/usr/bin:/bin` };
    const end = spawnSync('/bin/sh', ['-s', '--', ...args], { input, encoding: 'utf8', env });
    return { status: end.status, said: end.stdout + end.stderr };
  };
  const has = (file: string) => existsSync(path.join(folder, file));
  return { folder, run, has, ran: () => readFileSync(path.join(folder, 'ran'), 'utf8') };
}

describe.skipIf(isMissing)('the scripts of the package of the agent', () => {
  beforeAll(() => {
    const node = path.join(made, 'node');
    mkdirSync(path.join(node, 'bin'), { recursive: true });
    const head = Buffer.alloc(64);
    head.write('\x7fELF');
    head.writeUInt16LE(0x3e, 18);
    const binary = Buffer.concat([head, Buffer.from('release/v24.1.0/node-v24.1.0.tar.gz')]);
    writeFileSync(path.join(node, 'bin/node'), binary);
    writeFileSync(path.join(node, 'LICENSE'), 'Anybody may.\n');
    const script = ['--disable-warning=ExperimentalWarning', path.join(ROOT, 'scripts/package-agent.ts')];
    const args = ['--out', made, '--node', node, '--version', '1.2.3', '--level', '1'];
    execFileSync(process.execPath, [...script, ...args], { stdio: 'pipe' });
    const file = path.join(made, 'trainyard-agent_1.2.3_amd64.deb');
    execFileSync('dpkg-deb', ['--control', file, path.join(made, 'control')]);
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));

  test.each([
    ['a unit', HOST_ADDED],
    ['a process', PROCESS],
  ])('leave alone what `host add` has set up as %s, and say so', (_, files) => {
    const machine = createMachine(files);
    for (const [name, verb] of [
      ['postrm', 'purge'],
      ['prerm', 'remove'],
      ['postrm', 'remove'],
    ] as const) {
      const { status, said } = machine.run(name, verb);
      expect([status, said], name).toEqual([
        0,
        expect.stringContaining('`trainyard host add` has set this machine up'),
      ]);
      for (const file of [...Object.keys(files), DATABASE])
        expect(machine.has(file), `${name} ${file}`).toBe(true);
    }
    expect(machine.ran()).not.toMatch(/runuser|deb-systemd-helper|--kill-whom/);
    const { status, said } = machine.run('preinst', 'install');
    expect([status, said]).toEqual([1, expect.stringContaining('host-add-here')]);
  });

  test('stop no agent of the unit of `host add`, and that of their own beside settings of `host add`', () => {
    const added = createMachine(HOST_ADDED);
    added.run('prerm', 'remove');
    expect(added.ran()).not.toContain('deb-systemd-invoke');
    const own = createMachine(PROCESS);
    own.run('prerm', 'remove');
    expect(own.ran()).toContain('deb-systemd-invoke stop trainyard-agent.service');
  });

  test('end and take away all of their own', () => {
    const machine = createMachine({ '/etc/trainyard/tokens': 'a b\n' });
    symlinkSync('/dev/null', path.join(machine.folder, HOST_LAYOUT.unit));
    expect(machine.run('preinst', 'install').status).toBe(0);
    expect(machine.run('prerm', 'remove').status).toBe(0);
    expect(machine.ran()).toMatch(
      /deb-systemd-invoke stop[\s\S]*runuser -u trainyard -- \/usr\/bin\/trainyard-agent down/,
    );
    expect(machine.run('postrm', 'remove').said).toContain('stay: with them the package comes back');
    expect(machine.has(DATABASE)).toBe(true);
    expect(machine.run('postrm', 'purge').status).toBe(0);
    expect([machine.has(DATABASE), machine.has('/etc/trainyard')]).toEqual([false, false]);
    expect(machine.ran()).toContain('deb-systemd-helper purge trainyard-agent.service');
  });
});
