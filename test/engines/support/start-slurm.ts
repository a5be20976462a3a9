import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { findProgram } from '../../../adapters/programs/find-program.ts';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';
import { type Child, startChild } from '../../../sandbox/machine/child-process.ts';

/** Where Debian puts what only root starts. */
const SEARCH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'srun', 'scancel', 'squeue', 'sinfo'];
const START_MS = 60_000;

/** A Slurm of one node, this machine. */
export type Slurm = {
  /** What its programs are told it by. */
  readonly variables: Readonly<Record<string, string>>;
  /** The names of the jobs that it knows: waiting, at work, or being ended. */
  readonly jobs: () => readonly string[];
  readonly stop: () => Promise<void>;
};

/** Why no Slurm can be started here; `undefined` where one can. */
export function whyNoSlurm(): string | undefined {
  const missing = PROGRAMS.filter((program) => findProgram(program, SEARCH) === undefined);
  if (missing.length > 0)
    return `Debian's slurmctld, slurmd and munge are not installed (no ${missing.join(', ')})`;
  return process.getuid?.() === 0 ? undefined : 'slurmd needs root';
}

/** Starts munge and Slurm with all that they keep in a folder of their own, on loopback ports that are free. */
export async function startSlurm(): Promise<Slurm> {
  // A socket's path is short.
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-slurm-'));
  const at = (name: string) => path.join(folder, name);
  for (const name of ['state', 'spool']) mkdirSync(at(name));
  writeFileSync(at('munge.key'), randomBytes(1_024), { mode: 0o600 });
  const [control = 0, node = 0] = await findFreePorts(2);
  writeFileSync(at('slurm.conf'), describe(at, { control, node }));
  writeFileSync(at('cgroup.conf'), '');
  const variables = { SLURM_CONF: at('slurm.conf') };
  const env = { ...process.env, ...variables };
  const ask = (program: string, ...args: readonly string[]) =>
    execFileSync(program, [...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const children: Child[] = [];
  const start = async (program: string, args: readonly string[], ready: () => boolean) => {
    const command = findProgram(program, SEARCH) ?? program;
    const shared = { cwd: folder, env, log: at(`${program}.out`), timeoutMs: START_MS };
    children.unshift(await startChild({ command, args, ...shared, ready: async () => ready() }));
  };
  const stop = async () => {
    for (const child of children) await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const files = ['key-file=munge.key', 'socket=munge.socket', 'pid-file=munge.pid', 'seed-file=munge.seed'];
  const placed = [...files, 'log-file=munge.log'].map((file) => `--${file.replace('=', `=${folder}/`)}`);
  try {
    await start('munged', ['--force', '--foreground', ...placed], () => existsSync(at('munge.socket')));
    await start('slurmctld', ['-D', '-i'], () => answers(() => ask('sinfo', '--noheader')));
    const isIdle = () => answers(() => ask('sinfo', '--noheader', '--format=%T'), /^idle/);
    await start('slurmd', ['-D', '-N', hostname().split('.')[0] ?? ''], isIdle);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  const jobs = () =>
    ask('squeue', '--noheader', '--format=%j')
      .split('\n')
      .filter((line) => line !== '');
  return { variables, jobs, stop };
}

function answers(ask: () => string, as = /./): boolean {
  try {
    return as.test(ask());
  } catch {
    return false;
  }
}

function describe(
  at: (name: string) => string,
  ports: { readonly control: number; readonly node: number },
): string {
  const own = hostname().split('.')[0];
  const lines = [
    ...['ClusterName=test', `SlurmctldHost=${own}(127.0.0.1)`],
    ...[`SlurmctldPort=${ports.control}`, `SlurmdPort=${ports.node}`, 'SlurmUser=root', 'SlurmdUser=root'],
    ...['AuthType=auth/munge', `AuthInfo=socket=${at('munge.socket')}`, 'CredType=cred/munge'],
    ...[`StateSaveLocation=${at('state')}`, `SlurmdSpoolDir=${at('spool')}`],
    ...[`SlurmctldPidFile=${at('slurmctld.pid')}`, `SlurmdPidFile=${at('slurmd.pid')}`],
    ...[`SlurmctldLogFile=${at('slurmctld.log')}`, `SlurmdLogFile=${at('slurmd.log')}`],
    // No control groups: a test's machine may give none to use.
    ...['ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/none', 'JobAcctGatherType=jobacct_gather/none'],
    ...['SwitchType=switch/none', 'MpiDefault=none', 'ReturnToService=2', 'MailProg=/bin/true'],
    ...['SelectType=select/cons_tres', 'SelectTypeParameters=CR_CPU', 'SlurmdParameters=config_overrides'],
    ...['KillWait=5', 'AccountingStorageType=accounting_storage/none'],
    `NodeName=${own} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN`,
    'PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
  ];
  return `${lines.join('\n')}\n`;
}
