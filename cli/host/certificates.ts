import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { NEW_KEY, runOpenssl } from '../../adapters/programs/openssl.ts';
import { UserError } from '../../core/errors.ts';

/** Days that an authority and a host's certificate are good for, and before whose end a host gets another. */
const AUTHORITY_DAYS = 3_650;
const HOST_DAYS = 397;
const RENEW_DAYS = 60;
const DAY_MS = 86_400_000;
const NAME = ['prompt = no', 'distinguished_name = name', '[name]'];

type Env = Readonly<Record<string, string | undefined>>;

/** The authority of a repository's hosts: files (PEM) in the folder of its secrets. */
type Authority = { readonly file: string; readonly key: string; readonly isNew: boolean };

/** The authority in a folder of secrets, made where there is none. Only its owner may read the key. */
export async function openAuthority(folder: string, env: Env): Promise<Authority> {
  const [file, key] = [path.join(folder, 'ca.crt'), path.join(folder, 'ca.key')];
  if (existsSync(file) && existsSync(key)) return { file, key, isNew: false };
  if (existsSync(file) || existsSync(key)) throw halfThere(file, key);
  await inFolder(folder, async (work) => {
    const config = [
      ...['[req]', 'x509_extensions = own', ...NAME, 'CN = Trainyard hosts', '[own]'],
      'basicConstraints = critical, CA:TRUE, pathlen:0',
      'keyUsage = critical, keyCertSign, cRLSign',
      'subjectKeyIdentifier = hash',
    ];
    writeFileSync(path.join(work, 'config'), `${config.join('\n')}\n`);
    const args = ['req', '-x509', ...NEW_KEY, '-config', 'config', '-days', String(AUTHORITY_DAYS)];
    await openssl(work, [...args, '-keyout', 'ca.key', '-out', 'ca.crt'], env);
    renameSync(path.join(work, 'ca.key'), key);
    renameSync(path.join(work, 'ca.crt'), file);
  });
  return { file, key, isNew: true };
}

/** Whether a host has a certificate there, good or not. */
export function isCertified(folder: string, address: string): boolean {
  return existsSync(filesOf(folder, address).file);
}

/** The certificate and key (PEM) of a host by that authority: those that are there while they are good, or new ones. */
export async function certify(
  folder: string,
  { file: authority, key: authorityKey }: Authority,
  { address, env }: { readonly address: string; readonly env: Env },
): Promise<{ readonly certificate: string; readonly key: string }> {
  const { own, file, key } = filesOf(folder, address);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  if (!isGood(file, key, { address, authority })) {
    await inFolder(own, async (work) => {
      writeFileSync(path.join(work, 'config'), `${['[req]', ...NAME, 'CN = Trainyard host'].join('\n')}\n`);
      const extensions = [
        `subjectAltName = ${isIP(address) === 0 ? 'DNS' : 'IP'}:${address}`,
        'basicConstraints = critical, CA:FALSE',
        'keyUsage = critical, digitalSignature',
        'extendedKeyUsage = serverAuth',
      ];
      writeFileSync(path.join(work, 'extensions'), `${extensions.join('\n')}\n`);
      const asked = ['req', '-new', ...NEW_KEY, '-config', 'config', '-keyout', 'tls.key', '-out', 'tls.csr'];
      await openssl(work, asked, env);
      const signed = [
        '-CA',
        authority,
        '-CAkey',
        authorityKey,
        '-set_serial',
        `0x${randomBytes(16).toString('hex')}`,
      ];
      const terms = ['-days', String(HOST_DAYS), '-extfile', 'extensions', '-out', 'tls.crt'];
      await openssl(work, ['x509', '-req', '-in', 'tls.csr', ...signed, ...terms], env);
      renameSync(path.join(work, 'tls.key'), key);
      renameSync(path.join(work, 'tls.crt'), file);
    });
  }
  return { certificate: readFileSync(file, 'utf8'), key: readFileSync(key, 'utf8') };
}

function filesOf(folder: string, address: string) {
  const own = path.join(folder, 'hosts', address.replaceAll(':', '_'));
  return { own, file: path.join(own, 'tls.crt'), key: path.join(own, 'tls.key') };
}

function isGood(
  file: string,
  key: string,
  { address, authority }: { readonly address: string; readonly authority: string },
): boolean {
  if (!existsSync(file) || !existsSync(key)) return false;
  const certificate = new X509Certificate(readFileSync(file));
  const isNamed =
    isIP(address) === 0
      ? certificate.checkHost(address) !== undefined
      : certificate.checkIP(address) !== undefined;
  const isFresh = Date.parse(certificate.validTo) - Date.now() > RENEW_DAYS * DAY_MS;
  return isNamed && isFresh && certificate.verify(new X509Certificate(readFileSync(authority)).publicKey);
}

/** What is made comes into place whole: a folder beside it is where it is made. */
async function inFolder(folder: string, work: (folder: string) => Promise<void>): Promise<void> {
  const temporary = mkdtempSync(path.join(folder, 'new-'));
  try {
    await work(temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function openssl(cwd: string, args: readonly string[], env: Env): Promise<void> {
  return runOpenssl(cwd, args, { env, remedy: 'Install OpenSSL on this machine, or give --cert and --key.' });
}

function halfThere(file: string, key: string): UserError {
  const [there, gone] = existsSync(file) ? [file, key] : [key, file];
  const remedy = `Put ${gone} back, or move ${there} away: the hosts then get certificates of a new authority, and every runner its new file.`;
  return new UserError([
    { code: 'authority-incomplete', message: `${there} is there, and ${gone} is not.`, remedy },
  ]);
}
