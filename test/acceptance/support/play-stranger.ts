import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';
import type { Stranger } from './strangers.ts';

const READY_WITHIN_MS = 400_000;
const RUN_WITHIN_MS = 480_000;
const ASK_EVERY_MS = 100;
const ENDED = /(?:push|created) (?:success|failure|cancelled): .*/;

/** A sandbox in a terminal that stays open, and a model that is asked at a steady rate. */
export type Rehearsal = {
  /** Waits for the next run to end, and gives the line that says how. */
  readonly nextEnd: () => Promise<string>;
  /** Asks what serves, and gives its answer. */
  readonly ask: () => Promise<unknown>;
  /** Asks ten times a second from now on. */
  readonly sendTraffic: () => void;
  /** All that the sandbox has said. */
  readonly said: () => string;
  /** Seconds that were waited for something to be done, by what it was. */
  readonly waited: Readonly<Record<string, number>>;
  readonly close: () => Promise<void>;
};

/** Opens `trainyard sandbox` for a stranger's repository; resolves when it is ready. */
export async function openRehearsal(stranger: Stranger): Promise<Rehearsal> {
  const { folder, hasRequirements, trainyard } = stranger;
  const requirements = hasRequirements ? ['--requirements', 'requirements.txt'] : [];
  const sandbox: ChildProcess = spawn(
    path.join(ROOT, 'node_modules', '.bin', 'node'),
    [path.join(ROOT, 'cli/main.ts'), 'sandbox', ...requirements],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  let heard = 0;
  for (const stream of [sandbox.stdout, sandbox.stderr]) stream?.on('data', (part) => (said += String(part)));
  const waited: Record<string, number> = {};
  const wait = async (what: string, isDone: () => boolean, withinMs: number) => {
    const start = performance.now();
    const isOver = () => isDone() || sandbox.exitCode !== null;
    await waitFor(isOver, `${what}: ${said.slice(-4_000)}`, withinMs);
    waited[what] = Math.round((performance.now() - start) / 1_000);
  };
  const body = execFileSync(venvProgram('python'), ['-c', stranger.ask.join('\n')], {
    cwd: folder,
    encoding: 'utf8',
  });
  let isAsking = false;
  const ask = async () => {
    const url = /^predictions *(?<url>\S+)/m.exec(trainyard('sandbox', 'status'))?.groups?.['url'] ?? '';
    return send(url, body);
  };
  const close = async () => {
    isAsking = false;
    const ended = once(sandbox, 'close');
    sandbox.kill('SIGTERM');
    await ended;
  };
  await wait('the sandbox to be ready', () => said.includes('Ready.'), READY_WITHIN_MS);
  return {
    ...{ ask, close, waited, said: () => said },
    nextEnd: async () => {
      const found = () => ENDED.exec(said.slice(heard));
      await wait(`run ${Object.keys(waited).length}`, () => found() !== null, RUN_WITHIN_MS);
      const match = found();
      heard += (match?.index ?? 0) + (match?.[0].length ?? 0);
      return match?.[0] ?? said;
    },
    sendTraffic: () => {
      const url = /^predictions *(?<url>\S+)/m.exec(trainyard('sandbox', 'status'))?.groups?.['url'] ?? '';
      isAsking = true;
      void keepAsking(() => isAsking, url, body);
    },
  };
}

async function send(url: string, body: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers, body })).json();
}

async function keepAsking(isAsking: () => boolean, url: string, body: string): Promise<void> {
  while (isAsking()) {
    await send(url, body).catch(() => undefined);
    await sleep(ASK_EVERY_MS);
  }
}
