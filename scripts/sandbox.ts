import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { SANDBOX_FILE } from '../core/names.ts';
import { openDesk } from '../sandbox/desk/desk.ts';
import { startLocalWorld } from '../sandbox/desk/local-world.ts';
import { describePlaces, obey } from '../sandbox/desk/orders.ts';
import { tellNews } from '../sandbox/desk/tell-news.ts';
import { isAlive } from '../sandbox/machine/is-alive.ts';

const HELP = `npm run sandbox -- --repo DIR

Your repository on this machine: a stand-in for GitHub that runs its workflows with act, an MLflow server, and a serving host for each
environment of trainyard.yml. Nothing of it touches the real ones. --requirements FILE names what your project needs beside MLflow, PyTorch
and scikit-learn, as pip reads it. In another terminal, in the repository:

  trainyard sandbox push | comment "/train lr=0.01" | tick | protect production | approve | reject | fail 503 [PATH [TIMES]] | status
`;

process.exit(await main());

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      repo: { type: 'string', default: '.' },
      requirements: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  try {
    return await serve(
      path.resolve(values.repo),
      values.requirements.map((file) => path.resolve(file)),
    );
  } catch (thrown) {
    console.error(messageOf(thrown));
    return 1;
  }
}

async function serve(folder: string, requirements: readonly string[]): Promise<number> {
  const ended = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ended.resolve());
  // Nobody listens any more: whoever started it is gone, and what was started here is ended all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => ended.resolve());
  const inGit = (name: string) =>
    path.resolve(
      folder,
      execFileSync('git', ['rev-parse', '--git-path', name], { cwd: folder, encoding: 'utf8' }).trim(),
    );
  const file = inGit(SANDBOX_FILE);
  if (isRunning(file))
    throw new Error(`A sandbox of ${folder} runs already. End it with Ctrl-C in its terminal.`);
  console.log('Starting MLflow, GitHub and the serving hosts: half a minute.');
  const world = await startLocalWorld(folder, {
    ...{ state: inGit('trainyard-sandbox'), environment: inGit('trainyard-sandbox-python') },
    ...{ requirements, say: (line) => console.log(line) },
  });
  const desk = await openDesk(file, (verb, words) => obey(world, verb, words));
  const news = tellNews(world, (line) => console.log(line));
  try {
    for (const line of [...describePlaces(world), 'Ready. Ctrl-C ends all of it.']) console.log(line);
    await ended.promise;
    return 0;
  } finally {
    clearInterval(news);
    await desk.close();
    await world.stop();
  }
}

/** Whether the process that wrote the file is still there. */
function isRunning(file: string): boolean {
  if (!existsSync(file)) return false;
  const { pid } = z.object({ pid: z.number() }).parse(JSON.parse(readFileSync(file, 'utf8')));
  return isAlive(pid);
}
