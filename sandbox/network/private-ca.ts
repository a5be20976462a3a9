import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const DAYS = '2';
const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const;

/** Files (PEM) of a server's certificate and its private key. */
export type ServerCertificate = { readonly cert: string; readonly key: string };

/** A certificate authority that nobody trusts who was not told to. */
export type PrivateCa = {
  /** File (PEM) with the authority's certificate. */
  readonly file: string;
  readonly issue: (host: string) => ServerCertificate;
};

/** Makes an authority in `folder`, as a company has one for the hosts inside it. Needs openssl. */
export function createPrivateCa(folder: string): PrivateCa {
  mkdirSync(folder, { recursive: true });
  const [file, key] = [path.join(folder, 'ca.pem'), path.join(folder, 'ca.key')];
  const subject = ['-subj', '/CN=A private authority', '-days', DAYS];
  runOpenssl(['req', '-x509', ...EC_KEY, ...subject, '-keyout', key, '-out', file]);
  return { file, issue: (host) => issue(folder, { file, key }, host) };
}

function issue(
  folder: string,
  authority: { readonly file: string; readonly key: string },
  host: string,
): ServerCertificate {
  const named = (ending: string) => path.join(folder, `${host}.${ending}`);
  const [cert, key, request, extensions] = [named('pem'), named('key'), named('csr'), named('ext')];
  runOpenssl(['req', '-new', ...EC_KEY, '-subj', `/CN=${host}`, '-keyout', key, '-out', request]);
  writeFileSync(extensions, `subjectAltName=DNS:${host}\n`);
  const signer = ['-CA', authority.file, '-CAkey', authority.key, '-CAcreateserial'];
  runOpenssl([
    'x509',
    '-req',
    '-in',
    request,
    ...signer,
    '-days',
    DAYS,
    '-extfile',
    extensions,
    '-out',
    cert,
  ]);
  return { cert, key };
}

function runOpenssl(args: readonly string[]): void {
  execFileSync('openssl', [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}
