import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ROOT } from '../checkout.ts';
import {
  type AgentPorts,
  type AgentProcess,
  findAgentPorts,
  startAgentProcess,
  THIS_MACHINE,
} from './agent-process.ts';

/** The agent as it is shipped. */
const AGENT = path.join(ROOT, 'agent', 'dist', 'agent.mjs');
/** Unix sockets lie below the agent's folder, and their paths may have 107 bytes. */
const MAX_AGENT_FOLDER = 60;

type AgentHostOptions = {
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
  readonly ports?: AgentPorts;
  /** Flags beside those above, by name. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Variables beside this process's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it answers, where that can't be asked for at its loopback address over plain http. */
  readonly isReady?: () => Promise<boolean>;
};

/** A serving host: the agent, and what it starts (Envoy, TorchServe), which outlives it. `folder` holds the agent's state. */
export type AgentHost = AgentProcess & { readonly folder: string };

/** Starts the agent as it is shipped, on loopback ports, and waits until it is ready. */
export async function startAgentHost(options: AgentHostOptions): Promise<AgentHost> {
  mkdirSync(options.folder, { recursive: true });
  const folder = chooseDataDir(options.folder);
  const agent = await startAgentProcess({
    program: AGENT,
    folder: options.folder,
    site: THIS_MACHINE,
    ports: options.ports ?? (await findAgentPorts()),
    flags: toFlags(options, folder),
    env: { ...toEnvironment(options), ...options.env },
    ...(options.isReady !== undefined && { isReady: options.isReady }),
  });
  return { ...agent, folder };
}

function chooseDataDir(folder: string): string {
  const wanted = path.join(folder, 'data');
  return wanted.length <= MAX_AGENT_FOLDER ? wanted : mkdtempSync(path.join(os.tmpdir(), 'trainyard-agent-'));
}

function toFlags(options: AgentHostOptions, folder: string): Readonly<Record<string, string>> {
  const trusted = path.join(options.folder, 'trusted-keys.pem');
  writeFileSync(trusted, options.trustedKey);
  return {
    'data-dir': folder,
    'host-name': 'serve-1',
    environment: options.environment,
    python: options.python,
    'trusted-keys': trusted,
    'github-api-url': options.report.apiUrl,
    repository: options.report.repository,
    ...options.flags,
  };
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
