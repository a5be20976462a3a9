import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { type Child, startChild } from '../machine/child-process.ts';
import { makeDebian, runStep } from '../machine/debian.ts';
import { killTree } from '../machine/kill-tree.ts';

/** What a machine has that somebody rented yesterday: no Node, no venv, no user of ours. */
const PACKAGES = ['python3', 'openssh-server', 'ca-certificates'];
const READY_TIMEOUT_MS = 30_000;
/** A namespace of processes and of mounts: what runs in it is seen by nobody in it but itself, and ends with the first of them. */
const ENTER = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];

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

/** Makes the machine in `folder`, from Debian's packages, kept in `cache` for the next one, and starts its sshd. */
export async function startSshHost(folder: string, cache: string): Promise<SshHost> {
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
    args: [...ENTER, '/bin/sh', '-c', boot(root, port)],
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    log: path.join(folder, 'sshd.log'),
    ready: async () => canSignIn(ask),
    timeoutMs: READY_TIMEOUT_MS,
  });
  return { name, config, root, ask, stop: () => end(child, folder) };
}

async function copyDebian(cache: string, root: string): Promise<void> {
  const base = path.join(cache, 'debian');
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
  mkdirSync(path.join(root, 'root', '.ssh'), { mode: 0o700 });
  cpSync(`${identity}.pub`, path.join(root, 'root', '.ssh', 'authorized_keys'));
  cpSync('/etc/resolv.conf', path.join(root, 'etc', 'resolv.conf'), { dereference: true });
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

function boot(root: string, port: number): string {
  return [
    'set -e',
    `mount -t proc proc ${root}/proc`,
    `mount -t tmpfs tmpfs ${root}/run`,
    `mount -t tmpfs -o mode=1777 tmpfs ${root}/tmp`,
    `mount --bind /dev ${root}/dev`,
    `mkdir -p ${root}/run/sshd`,
    `exec chroot ${root} /usr/sbin/sshd -D -e -p ${port} -o ListenAddress=127.0.0.1 -o PasswordAuthentication=no -o UsePAM=no`,
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
