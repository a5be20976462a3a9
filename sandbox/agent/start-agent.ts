import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createAgentClient } from '../../adapters/agent-client.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import type { AgentPort } from '../../core/ports.ts';
import { PYTHON } from './toolchain.ts';
import { waitFor } from './wait-for.ts';

export const TOKENS = {
  deployer: 'deployer-0123456789',
  labeler: 'labeler-0123456789',
  reader: 'reader-0123456789',
};

/** A real agent process on a folder and ports of its own, which can be killed and started again. */
export type RunningAgent = {
  readonly folder: string;
  readonly url: string;
  readonly predictions: string;
  readonly client: AgentPort;
  readonly log: () => string;
  readonly pid: () => number;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  readonly start: () => Promise<void>;
  /** Ends the agent and everything it started. */
  readonly down: () => Promise<void>;
};

/** Where an agent runs: its address, and the command with which a program is started there. */
export type Site = {
  readonly address: string;
  readonly enter: readonly string[];
  /** The agent itself: its sources unless told. */
  readonly agent?: string;
};

export const THIS_MACHINE: Site = { address: '127.0.0.1', enter: [] };

/** Starts an agent with short intervals and the given further options. */
export async function startAgent(
  flags: Readonly<Record<string, string>> = {},
  { address, enter, agent = 'agent/main.ts' }: Site = THIS_MACHINE,
): Promise<RunningAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'ty-'));
  const [control = 0, data = 0] = await findFreePorts(2);
  const url = `http://${address}:${control}`;
  const [program = process.execPath, ...programArgs] = [...enter, process.execPath, resolve(agent)];
  const options = {
    'data-dir': join(folder, 'd'),
    'host-name': 'host-1',
    python: PYTHON,
    listen: `${address}:${control}`,
    'data-plane': `${address}:${data}`,
    'tick-seconds': '0.5',
    'capture-seconds': '0.5',
    'start-timeout-seconds': '90',
    'envoy-threads': '1',
    ...flags,
  };
  const argv = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const env = {
    ...process.env,
    TRAINYARD_AGENT_TOKENS: Object.entries(TOKENS)
      .map((entry) => entry.join(' '))
      .join(','),
    TRAINYARD_AGENT_GITHUB_TOKEN: 'github-token',
    TRAINYARD_AGENT_DISPATCH_SECRET: 'dispatch-secret',
  };
  const logFile = join(folder, 'agent.log');
  const client = createAgentClient({ url, token: TOKENS.deployer });
  let child: ChildProcess;
  const start = async () => {
    const log = openSync(logFile, 'a');
    child = spawn(program, [...programArgs, 'run', ...argv], {
      env,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    await waitFor(async () => {
      if (child.exitCode !== null) throw new Error(`the agent ended: ${readFileSync(logFile, 'utf8')}`);
      const answer = await fetch(`${url}/readyz`).catch(() => undefined);
      return answer?.ok === true;
    }, 'the agent to be ready');
  };
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    folder,
    url,
    client,
    predictions: `http://${address}:${data}/predictions/doubler`,
    log: () => readFileSync(logFile, 'utf8'),
    pid: () => child.pid ?? 0,
    kill,
    start,
    down: async () => {
      await kill('SIGTERM');
      spawnSync(program, [...programArgs, 'down', ...argv], { env });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
