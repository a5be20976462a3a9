import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createAgentFetch } from '../../adapters/network/agent-fetch.ts';
import type { Config } from '../../core/config/config.ts';
import { fingerprintOf, hostAddress } from '../../core/config/host-address.ts';
import { messageOf } from '../../core/errors.ts';
import { SECRETS } from '../../core/names.ts';
import { secretOf } from '../../core/serving/secret-of.ts';
import { type CliCommand, CONFIG_OPTION, type Given } from '../command.ts';
import { readPolicy, readPolicyIfThere } from '../ledger/read-policy.ts';
import { misused } from '../misused.ts';
import type { Surroundings } from '../surroundings.ts';
import { servePage } from '../top/serve-page.ts';
import { showLive, showOnce } from '../top/show-top.ts';
import type { WatchedHost } from '../top/watch-hosts.ts';

/** A host that is meant, before it is known how it is asked. */
type Named = {
  readonly url: string;
  readonly environment: string | undefined;
  readonly fingerprint: string | undefined;
};

/** `trainyard top`. */
export const topCommand: CliCommand = {
  name: 'top',
  summary:
    'Shows live what hosts serve: shares, stages, requests, errors, latency, evidence of harm, warnings, and who is silent since when.',
  options: {
    ...CONFIG_OPTION,
    environment: { type: 'string', value: 'NAME', help: 'Hosts of this environment alone.' },
    host: {
      type: 'string',
      value: 'URL',
      multiple: true,
      help: 'Agent to ask, in the place of those of the configuration.',
    },
    'token-file': {
      type: 'string',
      value: 'FILE',
      help: 'File with a reader’s token, or a line `production=…` for each environment; without it TRAINYARD_AGENT_TOKEN.',
    },
    once: { type: 'boolean', help: 'Ask once, print the table and end, as where output is no terminal.' },
    json: { type: 'boolean', help: 'The same as one JSON object.' },
    web: { type: 'boolean', help: 'Serve the table as a page to this machine’s browser, until Ctrl-C.' },
  },
  run: async (given, world) => {
    const named = await nameHosts(given, world);
    const secret = readToken(given, world);
    const hosts = named.map((one): WatchedHost => {
      const { url, environment, fingerprint } = one;
      const dependencies = { fetch: createAgentFetch(world.env, fingerprint) };
      return { url, environment, token: tokenFor(one, secret), dependencies };
    });
    const asJson = given.flag('json');
    if (given.flag('web')) return servePage(hosts, world.print);
    const { terminal, print } = world;
    if (terminal === undefined || asJson || given.flag('once')) return showOnce(hosts, { print, asJson });
    await showLive(hosts, terminal);
    return 0;
  },
};

/** Those that are given, with what the configuration says of them where there is one, or all of its hosts. */
async function nameHosts(given: Given, world: Surroundings): Promise<readonly Named[]> {
  const urls = given.list('host');
  const file = given.text('config') ?? CONFIG_OPTION.config.default;
  const known = listHosts(await (urls.length === 0 ? readPolicy : readPolicyIfThere)(world, file));
  if (urls.length > 0) {
    const stranger = (url: string) => ({ url, environment: undefined, fingerprint: undefined });
    const find = (url: string) => known.find((one) => hostAddress(one.url) === hostAddress(url));
    return urls.map((url) => find(url) ?? stranger(plainUrl(url)));
  }
  const environment = given.text('environment');
  const meant = known.filter((one) => environment === undefined || one.environment === environment);
  if (meant.length > 0) return meant;
  const where = environment === undefined ? file : `environments.${environment} of ${file}`;
  throw misused(`There are no hosts in ${where}.`, 'Name them there, or by --host URL.');
}

function listHosts(config: Config | undefined): readonly Named[] {
  return Object.entries(config?.environments ?? {}).flatMap(([environment, { hosts, fingerprints }]) =>
    hosts.map((url) => ({ url, environment, fingerprint: fingerprintOf(fingerprints, url) })),
  );
}

function plainUrl(url: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url;
  throw misused(`--host is ${url}.`, 'Write the address of an agent, such as https://serve-1:9443.');
}

function readToken(given: Given, { cwd, env }: Surroundings): string {
  const file = given.text('token-file');
  if (file === undefined) return env[SECRETS.agentToken] ?? '';
  try {
    return readFileSync(path.resolve(cwd, file), 'utf8').trim();
  } catch (thrown) {
    throw misused(`--token-file can't be read: ${messageOf(thrown)}.`, 'Name a file that you may read.');
  }
}

function tokenFor({ url, environment = '' }: Named, secret: string): string {
  const token = secretOf(secret, environment) ?? '';
  if (token !== '') return token;
  const lacking = environment === '' ? '' : ` of ${environment}`;
  throw misused(
    `There is no token for ${url}${lacking}.`,
    `Set ${SECRETS.agentToken} to a reader’s token, or name a file with one by --token-file.`,
  );
}
