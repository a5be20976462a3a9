import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { GitRemote } from '../github/git-remote.ts';
import type { Addresses } from '../github/representations.ts';
import { killTree } from '../machine/kill-tree.ts';
import { gateJobs } from './gate-jobs.ts';
import { maskValue, recordLine, type WorkflowRun } from './workflow-run.ts';

/** What every run of the sandbox shares. */
export type ActOptions = {
  /** The `act` program. */
  readonly act: string;
  /** Folder for workspaces of the runs. */
  readonly folder: string;
  readonly repository: string;
  readonly remote: GitRemote;
  readonly addresses: Addresses;
  /** Where a job asks whether it may begin. */
  readonly gates: string;
  /** Folder that stands for each remote repository at a ref, `owner/name@ref`. */
  readonly actions: Readonly<Record<string, string>>;
  readonly labels: readonly string[];
  readonly token: string;
  readonly secrets: Readonly<Record<string, string>>;
  /** Repository variables (`vars`). */
  readonly variables: Readonly<Record<string, string>>;
  /** Environment of the runner itself. */
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** What one run needs of them. */
type RunOptions = Omit<ActOptions, 'remote'> & { readonly remote: Pick<GitRemote, 'cloneAt'> };

export type RunningAct = { readonly done: Promise<void>; readonly cancel: () => void };

/** Runs one workflow for one event on this machine, in a throw-away clone, and records what it did in `run`. */
export function startAct(options: RunOptions, run: WorkflowRun): RunningAct {
  const folder = path.join(options.folder, String(run.id));
  const clone = path.join(folder, 'clone');
  prepareClone(options, run, folder, clone);
  for (const secret of [...Object.values(options.secrets), options.token]) maskValue(run, secret);
  const secrets = secretFile(folder);
  writeFileSync(secrets, JSON.stringify({ ...options.secrets, GITHUB_TOKEN: options.token }), {
    mode: 0o600,
  });
  const child = spawn(options.act, [...toArguments(options, run, folder)], {
    cwd: clone,
    env: { ...options.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  run.status = 'running';
  run.startedAt = new Date().toISOString();
  let cancelled = false;
  return {
    // It may warn of a missing Docker before it has read them; of a job it speaks after that.
    done: follow(child, run, () => rmSync(secrets, { force: true })).then((code) => {
      run.status = 'completed';
      run.finishedAt = new Date().toISOString();
      const isSound = code === 0 && run.leaks.length === 0;
      run.conclusion = cancelled ? 'cancelled' : isSound ? 'success' : 'failure';
      rmSync(path.join(folder, 'cache'), { recursive: true, force: true });
    }),
    cancel: () => {
      cancelled = true;
      if (child.pid !== undefined) killTree(child.pid);
    },
  };
}

function prepareClone(options: RunOptions, run: WorkflowRun, folder: string, clone: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'event.json'), JSON.stringify(run.event.payload));
  // act reads the workflow from a checkout and takes the commit from its HEAD; jobs make their own.
  options.remote.cloneAt(clone, run.event.sha);
  const workflow = path.join(clone, '.github', 'workflows', run.workflow);
  writeFileSync(workflow, gateJobs(readFileSync(workflow, 'utf8')));
}

/** act's arguments for a run; names and values stay separate entries of argv. */
function toArguments(options: RunOptions, run: WorkflowRun, folder: string): readonly string[] {
  const { event } = run;
  const pairs = (flag: string, values: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  return [
    event.name,
    '--json',
    ...['--eventpath', path.join(folder, 'event.json')],
    ...['--workflows', path.join('.github', 'workflows', run.workflow)],
    ...['--actor', event.actor],
    ...['--action-cache-path', path.join(folder, 'cache')],
    ...['--container-daemon-socket', '-'],
    '--no-cache-server',
    '--no-skip-checkout',
    '--rm',
    ...options.labels.flatMap((label) => ['--platform', `${label}=-self-hosted`]),
    ...pairs('--local-repository', options.actions),
    ...['--secret-file', secretFile(folder)],
    ...pairs('--var', options.variables),
    ...pairs('--env', {
      GITHUB_API_URL: options.addresses.api,
      GITHUB_SERVER_URL: options.addresses.web,
      GITHUB_GRAPHQL_URL: `${options.addresses.web}/api/graphql`,
      GITHUB_REPOSITORY: options.repository,
      GITHUB_RUN_ID: String(run.id),
      GITHUB_RUN_ATTEMPT: '1',
      SANDBOX_GATES: options.gates,
      SANDBOX_ARTIFACTS: run.log.replace(/\.log$/, ''),
    }),
  ];
}

/** Where act reads secrets from, as YAML, of which JSON is a part: every user of the machine may read what stands in its arguments. */
function secretFile(folder: string): string {
  return path.join(folder, 'secrets.yml');
}

async function follow(child: ChildProcess, run: WorkflowRun, onBegun: () => void): Promise<number | null> {
  const log = createWriteStream(run.log, { flags: 'a' });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      const begins = run.jobs.size === 0;
      const readable = recordLine(run, line);
      if (begins && run.jobs.size > 0) onBegun();
      if (readable !== undefined) log.write(`${readable}\n`);
    });
  }
  child.once('error', (error) => {
    onBegun();
    reject(error);
  });
  child.once('close', (code) => {
    onBegun();
    log.end(() => resolve(code));
  });
  return promise;
}
