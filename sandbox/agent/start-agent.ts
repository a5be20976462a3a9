import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createAgentClient } from '../../adapters/agent-client.ts';
import type { AgentPort } from '../../core/ports.ts';
import { venvProgram } from '../checkout.ts';
import {
  type AgentProcess,
  findAgentPorts,
  type Site,
  startAgentProcess,
  THIS_MACHINE,
} from './agent-process.ts';

export const TOKENS = {
  deployer: 'deployer-0123456789',
  labeler: 'labeler-0123456789',
  reader: 'reader-0123456789',
};

/** An agent on a folder and ports of its own, and a client that may deploy to it. */
export type RunningAgent = Omit<AgentProcess, 'log' | 'dataPlane'> & {
  readonly folder: string;
  readonly predictions: string;
  readonly client: AgentPort;
  /** What it has logged so far. */
  readonly log: () => string;
};

/** Starts an agent, from its sources unless told, with short intervals and the given further options. */
export async function startAgent(
  flags: Readonly<Record<string, string>> = {},
  { program = 'agent/main.ts', ...site }: Site & { readonly program?: string } = THIS_MACHINE,
): Promise<RunningAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'ty-'));
  const tokens = Object.entries(TOKENS).map((entry) => entry.join(' '));
  const agent = await startAgentProcess({
    program: resolve(program),
    folder,
    site,
    ports: await findAgentPorts(),
    flags: {
      'data-dir': join(folder, 'd'),
      'host-name': 'host-1',
      python: venvProgram('python'),
      'tick-seconds': '0.5',
      'capture-seconds': '0.5',
      'start-timeout-seconds': '90',
      'envoy-threads': '1',
      // The tiny model is its own handler.
      handlers: 'any',
      ...flags,
    },
    env: {
      ...process.env,
      TRAINYARD_AGENT_TOKENS: tokens.join(','),
      TRAINYARD_AGENT_GITHUB_TOKEN: 'github-token',
      TRAINYARD_AGENT_DISPATCH_SECRET: 'dispatch-secret',
    },
  });
  return {
    ...agent,
    folder,
    predictions: `${agent.dataPlane}/predictions/doubler`,
    client: createAgentClient({ url: agent.url, token: TOKENS.deployer }),
    log: () => readFileSync(agent.log, 'utf8'),
    down: async () => {
      await agent.down();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
