import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { type Child, startChild } from '../machine/child-process.ts';
import { makeDebian, runStep } from '../machine/debian.ts';
import { killTree } from '../machine/kill-tree.ts';

/** What a machine has that somebody rented yesterday: no Node, no venv, no user of ours. */
const PACKAGES = ['python3', 'openssh-server', 'ca-certificates', 'systemd', 'systemd-sysv', 'dbus'];
/** Units that are about hardware and terminals, of which it has none of its own. */
const MASKED = [
  ...['systemd-udevd', 'systemd-udev-trigger', 'systemd-logind', 'getty@tty1', 'console-getty'].map(
    (name) => `${name}.service`,
  ),
  ...['apt-daily', 'apt-daily-upgrade', 'e2scrub_all', 'fstrim'].map((name) => `${name}.timer`),
  'e2scrub_reap.service',
];
const READY_TIMEOUT_MS = 30_000;
/** Namespaces of processes, mounts and names: what runs in them sees itself alone, and ends with the first of them. */
const ENTER = [
  '--mount',
  '--pid',
  '--cgroup',
  '--uts',
  '--ipc',
  '--fork',
  '--kill-child',
  '--propagation',
  'private',
];

/** What is the first process of a machine: systemd, which starts sshd among others, or sshd alone. */
export type FirstProcess = 'systemd' | 'sshd';

/** A folder of this machine that the other one sees at a place of its own, and changes nothing in. */
type Shown = { readonly folder: string; readonly at: string };

/** A machine with sshd, in namespaces of this one, on the loopback address. */
export type SshHost = {
  /** What it is called in the configuration of ssh. */
  readonly name: string;
  /** File for `ssh -F`. */
  readonly config: string;
  /** Where its files lie on this machine. */
  readonly root: string;
  /** Runs a shell command on it as root, and gives what it wrote. */
  readonly ask: (command: string) => string;
  /** Ends everything on it. */
  readonly stop: () => Promise<void>;
};

/** Why no such machine can be started here; `undefined` where one can. */
export function whyNoSshHost(): string | undefined {
  if (process.platform !== 'linux') return 'machines with sshd are made on Linux only';
  if (process.getuid?.() !== 0) return 'a machine with sshd needs root';
  const missing = ['debootstrap', 'unshare', 'ssh', 'ssh-keygen'].filter((name) => !isInstalled(name));
  return missing.length === 0 ? undefined : `missing: ${missing.join(', ')}`;
}

/** Makes the machine in `folder`, from Debian's packages, kept in `cache` for the next one, and starts it, with `shown` to be read there. */
export async function startSshHost(
  folder: string,
  cache: string,
  first: FirstProcess,
  shown: readonly Shown[] = [],
): Promise<SshHost> {
  mkdirSync(folder, { recursive: true });
  const root = path.join(folder, 'root');
  await copyDebian(cache, root);
  const [port = 0] = await findFreePorts(1);
  const config = writeKeys(folder, root, port);
  const name = 'serve-1';
  const ask = (command: string) =>
    execFileSync('ssh', ['-F', config, '-o', 'BatchMode=yes', name, command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const child = await startChild({
    command: 'unshare',
    args: [...ENTER, '/bin/sh', '-c', boot(root, first, shown)],
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    log: path.join(folder, 'machine.log'),
    ready: async () => canSignIn(ask),
    timeoutMs: READY_TIMEOUT_MS,
  });
  return { name, config, root, ask, stop: () => end(child, folder) };
}

async function copyDebian(cache: string, root: string): Promise<void> {
  // Other packages make another one.
  const digest = createHash('sha256').update(PACKAGES.join(' ')).digest('hex').slice(0, 8);
  const base = path.join(cache, `debian-${digest}`);
  if (!existsSync(base)) {
    console.log('trainyard: making a Debian with sshd: a minute or two');
    mkdirSync(cache, { recursive: true });
    const half = `${base}.half`;
    rmSync(half, { recursive: true, force: true });
    await makeDebian(half, PACKAGES);
    await runStep('mv', [half, base]);
  }
  await runStep('cp', ['--archive', base, root]);
}

/** The machine's keys and those of who signs in, and a configuration of ssh that knows both. */
function writeKeys(folder: string, root: string, port: number): string {
  const identity = path.join(folder, 'identity');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', identity]);
  mkdirSync(path.join(root, 'root', '.ssh'), { recursive: true, mode: 0o700 });
  cpSync(`${identity}.pub`, path.join(root, 'root', '.ssh', 'authorized_keys'));
  cpSync('/etc/resolv.conf', path.join(root, 'etc', 'resolv.conf'), { dereference: true });
  const sshd = [`Port ${port}`, 'ListenAddress 127.0.0.1', 'PasswordAuthentication no', ''];
  writeFileSync(path.join(root, 'etc/ssh/sshd_config.d/machine.conf'), sshd.join('\n'));
  for (const unit of MASKED)
    execFileSync('ln', ['-sf', '/dev/null', path.join(root, 'etc/systemd/system', unit)]);
  const known = path.join(folder, 'known_hosts');
  const hostKey = readFileSync(path.join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8');
  writeFileSync(known, `[127.0.0.1]:${port} ${hostKey}`);
  const config = path.join(folder, 'ssh_config');
  const lines = [
    ...['Host *', '  HostName 127.0.0.1', `  Port ${port}`, '  User root'],
    ...[`  IdentityFile ${identity}`, '  IdentitiesOnly yes', `  UserKnownHostsFile ${known}`],
    '  StrictHostKeyChecking yes',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return config;
}

/** Nothing in it may change this machine's own kernel: /sys and /proc/sys are to be read alone. */
function boot(root: string, first: FirstProcess, shown: readonly Shown[]): string {
  const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
  const start = {
    systemd: 'exec env container=other /lib/systemd/systemd --system --unit=multi-user.target',
    sshd: 'mkdir /run/sshd; exec /usr/sbin/sshd -D -e',
  };
  // Its root is that of its namespace, as on a machine of its own: what is confined by chroot may make no namespace of users.
  const move = [`cd ${root}`, 'mkdir -p .old', 'pivot_root . .old'];
  const settle = `umount --lazy /.old; rmdir /.old; ${start[first]}`;
  return [
    'set -e',
    `mount --bind ${root} ${root}`,
    `mount -t proc proc ${root}/proc`,
    `mount --bind ${root}/proc/sys ${root}/proc/sys`,
    `mount -o remount,bind,ro ${root}/proc/sys`,
    `mount -t sysfs -o ro sysfs ${root}/sys`,
    `mount -t cgroup2 cgroup2 ${root}/sys/fs/cgroup`,
    `mount -t tmpfs -o mode=755 tmpfs ${root}/dev`,
    ...devices.flatMap((name) => [
      `touch ${root}/dev/${name}`,
      `mount --bind /dev/${name} ${root}/dev/${name}`,
    ]),
    `mkdir ${root}/dev/shm ${root}/dev/pts`,
    `mount -t tmpfs tmpfs ${root}/dev/shm`,
    `ln -s /proc/self/fd ${root}/dev/fd`,
    `mount -t tmpfs tmpfs ${root}/run`,
    `mount -t tmpfs -o mode=1777 tmpfs ${root}/tmp`,
    ...shown.flatMap(({ folder, at }) => [
      `mkdir -p ${root}${at}`,
      `mount --bind ${folder} ${root}${at}`,
      `mount -o remount,bind,ro ${root}${at}`,
    ]),
    'hostname serve-1',
    ...move,
    `exec chroot . /bin/sh -c '${settle}'`,
  ].join('\n');
}

function canSignIn(ask: (command: string) => string): boolean {
  try {
    return ask('echo in').trim() === 'in';
  } catch {
    return false;
  }
}

async function end(child: Child, folder: string): Promise<void> {
  // The first process of the namespace takes all others with it.
  killTree(child.pid);
  await child.stop();
  rmSync(folder, { recursive: true, force: true });
}

function isInstalled(program: string): boolean {
  return ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].some((folder) => existsSync(path.join(folder, program)));
}
