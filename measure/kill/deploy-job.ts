import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { killTree } from '../../sandbox/machine/kill-tree.ts';

/** The line with which the action begins to bring a package to the hosts. */
const UPLOAD_BEGINS = /^(?:::group::)?Starting version /;

type DeployJobRequest = {
  /** Folder that holds Trainyard as a runner downloads it. */
  readonly trainyard: string;
  readonly folder: string;
  readonly log: string;
  readonly workspace: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
};

/** One attempt of one deploy job. */
export type DeployJob = {
  /** Resolves when it starts to upload, or when it ends without. */
  readonly uploads: Promise<void>;
  /** Its exit code, `null` when it was killed. */
  readonly ended: Promise<number | null>;
  /** `kill -9` of the job and of what it started, as when a runner is lost. Resolves when it is gone. */
  readonly kill: () => Promise<void>;
};

/** Starts the deploy action's own bundle with the inputs and the environment that a runner would give it. */
export function startDeployJob(request: DeployJobRequest): DeployJob {
  const { trainyard, folder, workspace, inputs, env } = request;
  for (const needed of [folder, path.dirname(request.log)]) mkdirSync(needed, { recursive: true });
  const temp = mkdtempSync(path.join(folder, 'job-'));
  const child = spawn(process.execPath, [path.join(trainyard, 'actions', 'dist', 'deploy.mjs')], {
    cwd: workspace,
    env: {
      PATH: process.env['PATH'],
      HOME: temp,
      RUNNER_TEMP: temp,
      GITHUB_WORKSPACE: workspace,
      ...Object.fromEntries(
        Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
      ),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const uploads = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number | null>();
  follow(child, request.log, () => uploads.resolve());
  child.once('error', ended.reject);
  child.once('close', (code) => {
    uploads.resolve();
    ended.resolve(code);
  });
  return {
    uploads: uploads.promise,
    ended: ended.promise,
    kill: async () => {
      if (child.pid !== undefined && child.exitCode === null) killTree(child.pid);
      await ended.promise;
    },
  };
}

function follow(child: ChildProcess, file: string, onUpload: () => void): void {
  const log = createWriteStream(file, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${new Date().toISOString()} ${line}\n`);
      if (UPLOAD_BEGINS.test(line)) onUpload();
    });
  }
  child.once('close', () => log.end());
}
