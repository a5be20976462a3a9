import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** The part of docker's `config.json` that `docker login` writes where no credential helper is set up. */
const configSchema = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).optional(),
});
const DOCKER_HUB = 'docker.io';

type RegistryLogin = {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
};

/**
 * What `docker login` stored for the registry of `reference`, from `DOCKER_CONFIG` or the home folder; `undefined` where nobody
 * logged in, as with registries that let everyone read.
 */
export function findRegistryLogin(
  reference: string,
  env: Readonly<Record<string, string | undefined>>,
): RegistryLogin | undefined {
  const registry = registryOf(reference);
  const entry = Object.entries(readLogins(env)).find(([name]) => hostOf(name) === registry);
  const encoded = entry?.[1].auth;
  if (entry === undefined || encoded === undefined) return undefined;
  const [username = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { username, password: rest.join(':'), serveraddress: entry[0] };
}

/** The registry a reference names: its first part when that can be a host, else Docker Hub. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : DOCKER_HUB;
}

function readLogins(env: Readonly<Record<string, string | undefined>>) {
  const folder = env['DOCKER_CONFIG'] ?? join(env['HOME'] ?? homedir(), '.docker');
  try {
    const config: unknown = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
    return configSchema.parse(config).auths ?? {};
  } catch {
    return {};
  }
}

/** `https://index.docker.io/v1/` is how docker writes Docker Hub. */
function hostOf(name: string): string {
  const host = name.replace(/^https?:\/\//, '').split('/')[0] ?? name;
  return host === 'index.docker.io' ? DOCKER_HUB : host;
}
