import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { found, NOT_GIVEN, type Read, readFile, wrong } from './read-file.ts';
import type { OptionValues } from './table.ts';

/** The files (PEM) that the control API is secured with. */
export type TlsSource = {
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities of clients; absent where no certificate is asked of them. */
  readonly clientCaFile: string | undefined;
  /** The agent makes certificate and key itself where there are none. */
  readonly isSelfSigned: boolean;
};

/** What those files hold. */
export type TlsFiles = { readonly cert: string; readonly key: string; readonly ca?: string };

/** Where the certificate is, and whether its files can be read; a self-signed one may yet have to be made. */
export function readTls(values: OptionValues): Read<TlsSource> {
  const { tls, tlsCert, tlsKey, tlsClientCa: clientCaFile, dataDir } = values;
  if (tls !== undefined && (tlsCert !== undefined || tlsKey !== undefined))
    return wrong('tls', 'it stands in the place of --tls-cert and --tls-key, and one of them is given too');
  if (tls !== undefined) {
    const folder = join(dataDir, 'tls');
    const own = { certFile: join(folder, 'self-signed.crt'), keyFile: join(folder, 'self-signed.key') };
    const source = { ...own, clientCaFile, isSelfSigned: true };
    const isMade = existsSync(own.certFile) && existsSync(own.keyFile);
    return {
      value: source,
      problems: isMade ? readTlsFiles(source).problems : readClientCa(source).problems,
    };
  }
  if (tlsCert === undefined && tlsKey === undefined) {
    if (clientCaFile === undefined) return NOT_GIVEN;
    return wrong('tlsClientCa', 'without --tls-cert and --tls-key, or --tls self-signed, no TLS is spoken');
  }
  if (tlsCert === undefined || tlsKey === undefined)
    return wrong('tlsCert', '--tls-cert and --tls-key go together');
  const source = { certFile: tlsCert, keyFile: tlsKey, clientCaFile, isSelfSigned: false };
  const { value, problems } = readTlsFiles(source);
  return { value: value && source, problems };
}

/** What the files hold now. */
export function readTlsFiles(source: TlsSource): Read<TlsFiles> {
  const cert = readFile('tlsCert', source.certFile);
  const key = readFile('tlsKey', source.keyFile);
  const ca = readClientCa(source);
  const problems = [cert, key, ca].flatMap((one) => one.problems);
  if (cert.value === undefined || key.value === undefined || problems.length > 0)
    return { value: undefined, problems };
  return found({ cert: cert.value, key: key.value, ...(ca.value !== undefined && { ca: ca.value }) });
}

function readClientCa({ clientCaFile }: TlsSource): Read<string> {
  return clientCaFile === undefined ? NOT_GIVEN : readFile('tlsClientCa', clientCaFile);
}
