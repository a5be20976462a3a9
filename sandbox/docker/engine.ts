import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type DockerCli, dockerCli } from '../../adapters/images/docker-cli.ts';
import { runProcess } from '../../adapters/run-process.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** How long the engine may take to answer after its start, and to end after SIGTERM, in ms. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;
/** How long the end of a mount and the deletion of the images may take, in ms. */
const UNMOUNT_TIMEOUT_MS = 10_000;
const REMOVE_TIMEOUT_MS = 5 * 60_000;
const POLL_MS = 200;
const INSTALL_TIMEOUT_MS = 5 * 60_000;
/** Debian packages of the engine, its base image and a registry, by the program each must have brought. */
const PROGRAMS = {
  dockerd: 'docker.io',
  debootstrap: 'debootstrap',
  'docker-registry': 'docker-registry',
} as const;
/** Bridge network of the test containers. The engine sets no packet filter, so they reach the host and nothing beyond it. */
export const TEST_NETWORK = 'trainyard';

/** A Docker Engine of this checkout's own: its address, its command line, and its end. */
export type Engine = {
  readonly host: string;
  readonly docker: DockerCli;
  /** Ends the engine and starts it again over the same data, as an upgrade of Docker does. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Ends it and deletes its images and containers. */
  readonly remove: () => Promise<void>;
};

/**
 * Starts dockerd on a socket and a data folder of its own, below `folder`, and makes its test network. As root, Debian's packages are
 * installed first where they are missing. An engine that an interrupted run left over the same folder is ended first, by its id.
 * Gives one line that says why where no engine can be had.
 */
export async function startEngine(folder: string): Promise<Result<Engine, string>> {
  const missing = await findMissingProgram();
  if (missing !== undefined) return err(missing);
  const paths = enginePaths(folder);
  await stopProcess(paths);
  const started = await startProcess(paths);
  if (!started.ok) return started;
  const docker = dockerCli({ host: paths.host, env: process.env, timeoutMs: 10 * 60_000 });
  const stop = () => stopProcess(paths);
  try {
    await makeNetwork(docker, paths.id);
  } catch (error) {
    await stop();
    throw error;
  }
  const restart = async () => {
    await stop();
    const again = await startProcess(paths);
    if (!again.ok) throw new Error(again.error);
  };
  const remove = async () => {
    // The network's device would outlive the engine.
    await removeContainers(docker)
      .then(() => docker(['network', 'rm', TEST_NETWORK]))
      .catch(() => undefined);
    await stop();
    await unmountBelow(paths.run);
    // Hundreds of thousands of files: minutes in this process, seconds in that one.
    await runTool('rm', ['--recursive', '--force', paths.data, paths.run], REMOVE_TIMEOUT_MS);
  };
  return ok({ host: paths.host, docker, restart, stop, remove });
}

/** Removes all containers of this engine, which nobody else uses. */
export async function removeContainers(docker: DockerCli): Promise<void> {
  const left = await docker(['container', 'ls', '--all', '--quiet']);
  if (left.length > 0) await docker(['container', 'rm', '--force', '--volumes', ...left]);
}

type EnginePaths = {
  /** Tells the engines of several checkouts apart. */
  readonly id: string;
  readonly data: string;
  readonly run: string;
  readonly socket: string;
  readonly host: string;
  readonly pidFile: string;
  readonly log: string;
};

function enginePaths(folder: string): EnginePaths {
  // Containers' sockets live below the run folder, and a socket's path must be short.
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 8);
  const run = join(tmpdir(), `trainyard-engine-${id}`);
  const socket = join(run, 'engine.sock');
  const data = join(folder, 'data');
  for (const made of [run, data]) mkdirSync(made, { recursive: true, mode: 0o700 });
  const pidFile = join(folder, 'engine.pid');
  return { id, data, run, socket, host: `unix://${socket}`, pidFile, log: join(folder, 'engine.log') };
}

async function findMissingProgram(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'no Docker Engine: tests start their own on Linux only';
  if (process.getuid?.() !== 0) return 'no Docker Engine: starting one needs root';
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isInstalled(program));
  if (missing.length === 0) return undefined;
  if (!isInstalled('apt-get')) return `no Docker Engine: ${missing.map(([name]) => name).join(', ')} missing`;
  const packages = missing.map(([, name]) => name);
  process.stdout.write(`trainyard: installing ${packages.join(' and ')}\n`);
  const apt = (args: readonly string[]) =>
    runProcess({
      command: 'apt-get',
      args,
      cwd: '/',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeoutMs: INSTALL_TIMEOUT_MS,
    });
  await apt(['update', '--quiet']);
  await apt(['install', '--yes', '--quiet', '--no-install-recommends', ...packages]);
  const still = missing.filter(([program]) => !isInstalled(program));
  return still.length === 0
    ? undefined
    : `no Docker Engine: apt-get could not install ${packages.join(', ')}`;
}

function isInstalled(program: string): boolean {
  return ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/bin', '/sbin'].some((folder) =>
    existsSync(join(folder, program)),
  );
}

async function startProcess(paths: EnginePaths): Promise<Result<undefined, string>> {
  rmSync(paths.socket, { force: true });
  const log = openSync(paths.log, 'w');
  const child = spawn('dockerd', engineArguments(paths), { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  const docker = dockerCli({ host: paths.host, env: process.env, timeoutMs: 10_000 });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    if (existsSync(paths.socket) && (await answers(docker))) return ok(undefined);
    await wait(POLL_MS);
  }
  child.kill();
  return err(`no Docker Engine: dockerd did not start (${readLastLine(paths.log)})`);
}

function engineArguments(paths: EnginePaths): readonly string[] {
  return [
    ...['--host', paths.host, '--data-root', paths.data, '--exec-root', join(paths.run, 'exec')],
    ...['--pidfile', paths.pidFile, '--log-level', 'warn', '--bridge', 'none'],
    ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
  ];
}

async function answers(docker: DockerCli): Promise<boolean> {
  try {
    await docker(['version', '--format', '{{.Server.Version}}']);
    return true;
  } catch {
    return false;
  }
}

async function makeNetwork(docker: DockerCli, id: string): Promise<void> {
  const networks = await docker(['network', 'ls', '--format', '{{.Name}}']);
  if (networks.includes(TEST_NETWORK)) return;
  const device = `com.docker.network.bridge.name=ty-${id}`;
  await docker(['network', 'create', '--driver', 'bridge', '--opt', device, TEST_NETWORK]);
}

/** Ends the dockerd of these paths, if one runs; its pid file may be stale, so the process's own arguments decide. */
async function stopProcess(paths: EnginePaths): Promise<void> {
  const pid = existsSync(paths.pidFile) ? Number(readFileSync(paths.pidFile, 'utf8')) : 0;
  if (!isEngine(pid, paths)) return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isEngine(pid, paths)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await wait(POLL_MS);
  }
}

/** The engine leaves the network namespace of the host mounted there. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((target) => target.startsWith(`${folder}/`));
  for (const target of mounts.toReversed()) await runTool('umount', [target], UNMOUNT_TIMEOUT_MS);
}

async function runTool(command: string, args: readonly string[], timeoutMs: number): Promise<void> {
  const end = await runProcess({ command, args, cwd: '/', env: process.env, timeoutMs });
  if (end.code !== 0)
    throw new Error(`${command} ${args.join(' ')} failed: ${end.stderr.at(-1) ?? end.ended}`);
}

function isEngine(pid: number, paths: EnginePaths): boolean {
  const file = `/proc/${pid}/cmdline`;
  if (pid <= 0 || !existsSync(file)) return false;
  const argv = readFileSync(file, 'utf8').split('\0');
  return argv.includes('--data-root') && argv.includes(paths.data);
}

function readLastLine(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
}
