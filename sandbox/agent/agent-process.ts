import { execFile } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { startChild } from '../machine/child-process.ts';

const READY_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;

/** Where an agent runs: its address, and the command with which a program is started there. */
export type Site = { readonly address: string; readonly enter: readonly string[] };

/** This machine, by its loopback address. */
export const THIS_MACHINE: Site = { address: '127.0.0.1', enter: [] };

/** Ports of the control API and of the data plane. */
export type AgentPorts = { readonly control: number; readonly data: number };

type AgentRequest = {
  /** The agent's program: its sources or its bundle. */
  readonly program: string;
  /** Working folder, and where `agent.log` is written. */
  readonly folder: string;
  readonly site: Site;
  readonly ports: AgentPorts;
  /** Flags by name, beside the addresses. */
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether it answers, for one that does not at its loopback address over plain http. */
  readonly isReady?: () => Promise<boolean>;
};

/** An agent as a process of its own, which can be killed and started again on the same folder and ports. */
export type AgentProcess = {
  /** Control API. */
  readonly url: string;
  /** Where clients ask for predictions. */
  readonly dataPlane: string;
  /** Path of its log. */
  readonly log: string;
  readonly pid: () => number;
  /** Ends the agent alone: Envoy and the model servers live on. Resolves when it has ended. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  readonly start: () => Promise<void>;
  /** Ends the agent and everything it started. */
  readonly down: () => Promise<void>;
};

/** Starts an agent and waits until it is ready; throws with the end of its log when it never is. */
export async function startAgentProcess(request: AgentRequest): Promise<AgentProcess> {
  const { folder, site, ports, env } = request;
  const addresses = {
    listen: `${site.address}:${ports.control}`,
    'data-plane': `${site.address}:${ports.data}`,
  };
  const argv = Object.entries({ ...addresses, ...request.flags }).map(
    ([name, value]) => `--${name}=${value}`,
  );
  const [command = process.execPath, ...before] = [...site.enter, process.execPath, request.program];
  const url = `http://${addresses.listen}`;
  const log = path.join(folder, 'agent.log');
  const launch = () =>
    startChild({
      command,
      args: [...before, 'run', ...argv],
      cwd: folder,
      env,
      log,
      ready: request.isReady ?? (() => takesRequests(url)),
      timeoutMs: READY_TIMEOUT_MS,
    });
  let child = await launch();
  return {
    url,
    dataPlane: `http://${addresses['data-plane']}`,
    log,
    pid: () => child.pid,
    kill: (signal) => child.kill(signal),
    start: async () => {
      child = await launch();
    },
    down: async () => {
      await child.stop();
      await promisify(execFile)(command, [...before, 'down', ...argv], { env: { ...env } });
    },
  };
}

/** Whether an agent and its proxy run; there need be no model yet. */
async function takesRequests(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return z.object({ status: z.string() }).parse(await answer.json()).status !== 'proxy-down';
  } catch {
    return false;
  }
}

/** Free ports for an agent. */
export async function findAgentPorts(): Promise<AgentPorts> {
  const [control = 0, data = 0] = await findFreePorts(2);
  return { control, data };
}
