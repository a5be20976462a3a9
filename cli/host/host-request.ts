import { existsSync } from 'node:fs';
import path from 'node:path';
import { findCheckout } from '../../adapters/git/describe-checkout.ts';
import { type Fingerprints, fingerprintsOf } from '../../core/config/host-address.ts';
import { SECRETS_FOLDER } from '../../core/init/settings.ts';
import type { Given } from '../command.ts';
import { readPolicy } from '../ledger/read-policy.ts';
import { misused } from '../misused.ts';
import type { Surroundings } from '../surroundings.ts';
import { createSsh, type Ssh } from './ssh.ts';

/** The repository that hosts serve for, as this machine has it. */
export type HostPlace = {
  readonly world: Surroundings;
  /** Folder of the repository's secrets on this machine. */
  readonly secrets: string;
  /** Addresses of agents in the configuration, by environment; none where there is no configuration. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** SHA-256 of the one certificate that is taken, of the addresses that have one. */
  readonly fingerprints: Fingerprints;
};

/** What a command line asks of one host. */
export type HostRequest = HostPlace & {
  readonly given: Given;
  readonly ssh: Ssh;
  /** Name or address by which runners reach the host. */
  readonly address: string;
};

const PLAIN = /^[\w.:[\]-]+$/;

/** Reads what all commands of one host are given. Throws a UserError for what can be no host. */
export async function readHostRequest(given: Given, world: Surroundings): Promise<HostRequest> {
  const [verb = '', destination] = given.words;
  if (destination === undefined)
    throw misused(`host ${verb} needs a host.`, `Write trainyard host ${verb} user@host.`);
  return {
    ...(await readHostPlace(given, world)),
    given,
    address: withoutBrackets(plain(given, 'address') ?? destination.replace(/^.*@/, '')),
    ssh: createSsh({ destination, config: given.text('ssh-config'), env: world.env }),
  };
}

/** What commands of hosts find in the repository at hand. */
export async function readHostPlace(given: Given, world: Surroundings): Promise<HostPlace> {
  const root = (await findCheckout(world.cwd)) ?? world.cwd;
  return {
    world,
    secrets: path.resolve(world.cwd, given.text('secrets') ?? path.join(root, SECRETS_FOLDER)),
    ...(await readHosts(root, given, world)),
  };
}

/** A value that may stand in a file of settings without quotes. */
export function plain(given: Given, name: string): string | undefined {
  const text = given.text(name);
  if (text === undefined || PLAIN.test(text)) return text;
  throw misused(`--${name} is ${text}.`, 'Write letters, digits, dots, colons and dashes.');
}

/** The port of an address with a port. */
export function portOf(endpoint: string): string {
  return endpoint.slice(endpoint.lastIndexOf(':') + 1);
}

/** The control API of a host, as it stands in trainyard.yml. */
export function urlOf(address: string, listen: string): string {
  return `https://${endpointAt(address, listen)}`;
}

/** A name or an address with the port of that endpoint, as it stands in a URL. */
export function endpointAt(address: string, endpoint: string): string {
  return `${address.includes(':') ? `[${address}]` : address}:${portOf(endpoint)}`;
}

/** An address of IPv6 stands in brackets in URLs alone: certificates have it without. */
function withoutBrackets(address: string): string {
  return /^\[(?<inner>.*)\]$/.exec(address)?.groups?.['inner'] ?? address;
}

async function readHosts(
  root: string,
  given: Given,
  world: Surroundings,
): Promise<Pick<HostPlace, 'hosts' | 'fingerprints'>> {
  const file = given.text('config') ?? '';
  if (!existsSync(path.join(root, file))) return { hosts: new Map(), fingerprints: {} };
  const { environments } = await readPolicy(world, file);
  return {
    hosts: new Map(Object.entries(environments).map(([name, { hosts }]) => [name, hosts])),
    fingerprints: fingerprintsOf(environments),
  };
}
