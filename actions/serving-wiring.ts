import { readFile } from 'node:fs/promises';
import { createAgentClient } from '../adapters/agent-client.ts';
import { hashFile } from '../adapters/data-digest.ts';
import type { Environment } from '../core/config/config.ts';
import type { AgentPort, Tracking } from '../core/ports.ts';
import type { Host } from './host.ts';
import { createPackageSource, type PackageSource } from './package-source.ts';
import { tempFolder } from './wiring.ts';

/** The agents of an environment's hosts, with the token that the job was given for them. */
export function connectAgents({ env }: Host, { hosts }: Environment): readonly AgentPort[] {
  const token = env['TRAINYARD_AGENT_TOKEN'] ?? '';
  return hosts.map((url) => createAgentClient({ url, token }));
}

/** Packages in the artifacts of MLflow runs, brought to the job's temporary folder. */
export function connectPackages(host: Host, tracking: Tracking): PackageSource {
  return createPackageSource({
    tracking,
    folder: tempFolder(host, 'package'),
    hashFile,
    readText: (file) => readFile(file, 'utf8'),
  });
}
