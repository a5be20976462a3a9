import { connect } from 'node:net';
import path from 'node:path';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';
import { type Child, startChild } from '../../../sandbox/machine/child-process.ts';

/** A server of git's own protocol. */
export type GitDaemon = { readonly address: string; readonly child: Child };

/** Serves the repositories of a folder, to be read, on a loopback port that is free. */
export async function startGitDaemon(folder: string): Promise<GitDaemon> {
  const [port = 0] = await findFreePorts(1);
  const child = await startChild({
    command: 'git',
    args: [
      'daemon',
      '--reuseaddr',
      '--export-all',
      '--listen=127.0.0.1',
      `--port=${port}`,
      `--base-path=${folder}`,
    ],
    ...{ cwd: folder, env: process.env, log: path.join(folder, 'daemon.log'), timeoutMs: 60_000 },
    ready: () => isOpen(port),
  });
  return { address: `git://127.0.0.1:${port}`, child };
}

function isOpen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
