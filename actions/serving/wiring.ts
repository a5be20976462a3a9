import { readFile } from 'node:fs/promises';
import { createAgentClient } from '../../adapters/agent-client.ts';
import { hashFile } from '../../adapters/data-digest.ts';
import type { Environment } from '../../core/config/config.ts';
import { fingerprintOf } from '../../core/config/host-address.ts';
import { UserError } from '../../core/errors.ts';
import { SECRETS } from '../../core/names.ts';
import type { AgentPort, Tracking } from '../../core/ports.ts';
import { secretOf } from '../../core/serving/secret-of.ts';
import type { Host } from '../job/host.ts';
import { tempFolder } from '../job/wiring.ts';
import { createPackageSource, type PackageSource } from './package-source.ts';

/** One attempt of a call may take this share of a lease: with all its retries, a silent host can't make the others lose theirs. */
const LEASE_SHARE = 1 / 8;
const LONGEST_ATTEMPT_MS = 30_000;
const SHORTEST_ATTEMPT_MS = 1_000;

/** An environment, and what it is called. */
type ChosenEnvironment = {
  readonly environment: Pick<Environment, 'hosts' | 'fingerprints' | 'leaseSeconds'>;
  readonly environmentName: string;
};

/** The agents of an environment's hosts, with the token that the job was given for them. Throws a UserError when it was given others. */
export function connectAgents(
  { env, fetchOf }: Host,
  { environment, environmentName }: ChosenEnvironment,
): readonly AgentPort[] {
  const { hosts, fingerprints, leaseSeconds } = environment;
  const token = secretOf(env[SECRETS.agentToken] ?? '', environmentName);
  if (token === undefined) throw noToken(environmentName);
  const fitting = leaseSeconds * 1_000 * LEASE_SHARE;
  const timeoutMs = Math.min(LONGEST_ATTEMPT_MS, Math.max(SHORTEST_ATTEMPT_MS, fitting));
  const common = { token, timeoutMs, environment: environmentName };
  return hosts.map((url) =>
    createAgentClient({
      ...{ url, ...common, dependencies: { fetch: fetchOf(fingerprintOf(fingerprints, url)) } },
    }),
  );
}

function noToken(environment: string): UserError {
  return new UserError([
    {
      code: 'no-agent-token',
      message: `${SECRETS.agentToken} has tokens for some environments, and none for ${environment}.`,
      remedy: `Add the line \`${environment}=<token>\` to the secret.`,
    },
  ]);
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
