import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, UserError } from '../../core/errors.ts';
import type { ProcessVariables } from './choose-proxy.ts';

/**
 * The file (PEM) with certificates of authorities that are trusted beside those that Node and the system trust. A reusable workflow
 * sets a variable for every job, and leaves it empty when its caller names no file: it has one of its own, so that the runner's counts.
 */
export function caFileOf(env: ProcessVariables): string | undefined {
  return env['TRAINYARD_CA_FILE_INPUT'] || env['TRAINYARD_CA_FILE'] || undefined;
}

/** Variables by which other programs may have been told what to trust, and those by which they are told here. */
const BUNDLE_VARIABLES = ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'] as const;
const TOLD_VARIABLES = [...BUNDLE_VARIABLES, 'GIT_SSL_CAINFO', 'PIP_CERT', 'AWS_CA_BUNDLE'] as const;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** TLS is loaded where certificates are asked for: an action that is told of none starts without it. */
const certificatesOf = (set: 'default' | 'system') =>
  process.getBuiltinModule('node:tls').getCACertificates(set);

/** The certificates of a PEM file. Throws a UserError when the file can't be read or holds none. */
export function readAuthorities(file: string): readonly string[] {
  const found = readText(file).match(CERTIFICATE);
  if (found !== null) return found;
  throw unusable(file, 'it holds no certificate');
}

/** What this process trusts: the given certificates, and all that Node trusts by itself (NODE_EXTRA_CA_CERTS among it). */
export function trustBeside(certificates: readonly string[]): readonly string[] {
  return [...certificatesOf('default'), ...certificates];
}

/**
 * The variables that make the programs an action starts (git, Python, pip, curl) trust the same authorities as the action:
 * they take one file in the place of their own list, so one with everything is written into `folder`, what such a variable names
 * already included. Empty when the environment names no authority to add. Throws a UserError when the file that our own variable
 * names can't be used; those of others are left out then, and `warn` hears it: an action may not need them.
 */
export function trustVariables(
  env: ProcessVariables,
  folder: string,
  warn: (line: string) => void,
): Readonly<Record<string, string>> {
  const ours = caFileOf(env);
  const readOf = (name: string) => tryAuthorities(name, env[name], warn);
  const named = [...(ours === undefined ? [] : readAuthorities(ours)), ...readOf('NODE_EXTRA_CA_CERTS')];
  if (named.length === 0) return {};
  const own = [...named, ...BUNDLE_VARIABLES.flatMap(readOf)];
  const bundle = path.join(folder, 'trainyard-authorities.pem');
  const all = new Set([...certificatesOf('system'), ...trustBeside(own)]);
  writeFileSync(bundle, [...all].map((certificate) => `${certificate.trim()}\n`).join(''));
  return Object.fromEntries(TOLD_VARIABLES.map((name) => [name, bundle]));
}

function tryAuthorities(
  name: string,
  file: string | undefined,
  warn: (line: string) => void,
): readonly string[] {
  if (!isSet(file)) return [];
  try {
    return readAuthorities(file);
  } catch (thrown) {
    warn(`${messageOf(thrown)} It is left out of what programs trust; the variable ${name} names it.`);
    return [];
  }
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw unusable(file, messageOf(thrown));
  }
}

function unusable(file: string, why: string): UserError {
  return new UserError([
    {
      code: 'ca-file-unusable',
      message: `The certificates in ${file} can't be used: ${why}.`,
      remedy: 'Name a PEM file with the certificates of the authorities to trust.',
      where: { kind: 'file', file },
    },
  ]);
}
