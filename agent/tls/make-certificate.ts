import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { NEW_KEY, runOpenssl } from '../../adapters/programs/openssl.ts';
import type { AgentOptions } from '../options/options.ts';

/** It is known by its fingerprint, which a renewal would change on every runner: it is good for ten years. */
const DAYS = 3_650;
/** Other names would have to be quoted, and nobody goes by them: the fingerprint is what counts. */
const PLAIN = /^[\w.-]+$/;
const REMEDY = 'Install OpenSSL on this host, or give --tls-cert and --tls-key.';

/** Makes the certificate of `--tls self-signed` where there is none. Gives whether it did. Rejects with a UserError without OpenSSL. */
export async function makeCertificate(
  { tls, listen, hostName }: AgentOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  if (tls?.isSelfSigned !== true || (existsSync(tls.certFile) && existsSync(tls.keyFile))) return false;
  const folder = dirname(tls.certFile);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const work = mkdtempSync(join(folder, 'new-'));
  try {
    const kind = isIP(hostName) === 0 ? 'DNS' : 'IP';
    const own = PLAIN.test(hostName) ? [`${kind}:${hostName}`] : [];
    const names = [...own, `IP:${listen.address}`, 'DNS:localhost'];
    const config = [
      ...['[req]', 'x509_extensions = own', 'prompt = no', 'distinguished_name = name'],
      ...['[name]', 'CN = Trainyard agent', '[own]', `subjectAltName = ${[...new Set(names)].join(', ')}`],
      ...['basicConstraints = critical, CA:FALSE', 'keyUsage = critical, digitalSignature'],
      ...['extendedKeyUsage = serverAuth', 'subjectKeyIdentifier = hash'],
    ];
    writeFileSync(join(work, 'config'), `${config.join('\n')}\n`);
    const terms = ['-config', 'config', '-days', String(DAYS), '-keyout', 'key', '-out', 'crt'];
    await runOpenssl(work, ['req', '-x509', ...NEW_KEY, ...terms], { env, remedy: REMEDY });
    renameSync(join(work, 'key'), tls.keyFile);
    // The certificate last: a kill in between leaves a key alone, and the next start makes both anew.
    renameSync(join(work, 'crt'), tls.certFile);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
