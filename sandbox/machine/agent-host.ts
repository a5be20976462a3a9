import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { ROOT } from '../checkout.ts';
import { answers, type Child, findFreePort, startChild } from './child-process.ts';

/** The agent as it is shipped. */
const AGENT = path.join(ROOT, 'agent', 'dist', 'agent.mjs');
/** Unix sockets lie below the agent's folder, and their paths may have 107 bytes. */
const MAX_AGENT_FOLDER = 60;

export type AgentHostOptions = {
  /** Folder for the agent's state and logs. */
  readonly folder: string;
  readonly python: string;
  readonly deployerToken: string;
  /** Ed25519 public key (PEM) whose signatures the agent believes. */
  readonly trustedKey: string;
  readonly environment: string;
  readonly report: {
    readonly apiUrl: string;
    readonly repository: string;
    readonly token: string;
    readonly secret: string;
  };
  /** Ports of the control API and of the data plane; free ones unless told. */
  readonly ports?: { readonly control: number; readonly data: number };
  /** Flags beside those above, by name. */
  readonly flags?: Readonly<Record<string, string>>;
};

/** A serving host: the agent, and what it starts (Envoy, TorchServe), which outlives it. */
export type AgentHost = {
  /** Control API. */
  readonly url: string;
  /** Where clients ask for predictions. */
  readonly dataPlane: string;
  readonly folder: string;
  readonly log: string;
  readonly pid: () => number;
  /** `kill -9` of the agent alone. */
  readonly kill: () => Promise<void>;
  /** Starts the agent again on the same folder and ports. */
  readonly start: () => Promise<void>;
  /** Ends the agent and everything it started. */
  readonly down: () => Promise<void>;
};

/** Starts an agent on free loopback ports and waits until it answers. */
export async function startAgentHost(options: AgentHostOptions): Promise<AgentHost> {
  mkdirSync(options.folder, { recursive: true });
  const { control, data } = options.ports ?? (await findPorts());
  const url = `http://127.0.0.1:${control}`;
  const dataDir = chooseDataDir(options.folder);
  const log = path.join(options.folder, 'agent.log');
  const args = await toArguments(options, { control, data, dataDir });
  const start = () =>
    startChild({
      command: process.execPath,
      args: [AGENT, 'run', ...args],
      cwd: options.folder,
      env: toEnvironment(options),
      log,
      ready: () => answers(`${url}/healthz`),
      timeoutMs: 60_000,
    });
  let child: Child = await start();
  return {
    url,
    dataPlane: `http://127.0.0.1:${data}`,
    folder: dataDir,
    log,
    pid: () => child.pid,
    kill: () => child.kill(),
    start: async () => {
      child = await start();
    },
    down: async () => {
      await child.stop();
      await promisify(execFile)(process.execPath, [AGENT, 'down', ...args], {
        env: { ...toEnvironment(options) },
      });
    },
  };
}

/** Free ports for an agent. */
export async function findPorts(): Promise<{ readonly control: number; readonly data: number }> {
  return { control: await findFreePort(), data: await findFreePort() };
}

function chooseDataDir(folder: string): string {
  const wanted = path.join(folder, 'data');
  return wanted.length <= MAX_AGENT_FOLDER ? wanted : mkdtempSync(path.join(os.tmpdir(), 'trainyard-agent-'));
}

async function toArguments(
  options: AgentHostOptions,
  at: { readonly control: number; readonly data: number; readonly dataDir: string },
): Promise<readonly string[]> {
  const trusted = path.join(options.folder, 'trusted-keys.pem');
  writeFileSync(trusted, options.trustedKey);
  const flags = {
    'data-dir': at.dataDir,
    'host-name': 'serve-1',
    environment: options.environment,
    listen: `127.0.0.1:${at.control}`,
    'data-plane': `127.0.0.1:${at.data}`,
    python: options.python,
    'trusted-keys': trusted,
    'github-api-url': options.report.apiUrl,
    repository: options.report.repository,
    ...options.flags,
  };
  return Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
}

function toEnvironment({
  deployerToken,
  report,
}: AgentHostOptions): Readonly<Record<string, string | undefined>> {
  return {
    // Model servers of a demonstration share the machine with trainings.
    OMP_NUM_THREADS: '1',
    ...process.env,
    TRAINYARD_AGENT_TOKENS: `deployer ${deployerToken}`,
    TRAINYARD_AGENT_GITHUB_TOKEN: report.token,
    TRAINYARD_AGENT_DISPATCH_SECRET: report.secret,
  };
}
