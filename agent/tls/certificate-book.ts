import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { atLeastOne, messageOf, UserError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { readTlsFiles, type TlsFiles, type TlsSource } from '../options/read-tls.ts';
import { endsSoon, judgeCertificate } from './judge-certificate.ts';

/** What the control API is secured with, as its files are now. */
export type CertificateBook = {
  /** The pair that is good now, and the same object while nothing has changed. */
  readonly now: () => TlsFiles;
  /** Why what the files hold now is not used, and the pair before it is. */
  readonly problem: () => string | undefined;
  /** SHA-256 of the own certificate, as `AB:CD:…`, and the instant at which it ends. */
  readonly about: () => { readonly sha256: string; readonly endsAt: string };
  /** Whether it should have been renewed by now, in ms since 1970. */
  readonly endsSoon: (now: number) => boolean;
  readonly asksClients: boolean;
};

/**
 * The certificate of the files as they are at each call, so that it can be renewed while the agent runs. What can't be read, or does not fit
 * together, changes nothing: the pair before it is kept, the log says so once, and it is read again at each call until it is good; a renewal
 * that writes one file after the other passes through that for a moment. Throws a UserError where the first pair is not good.
 */
export function openCertificateBook(source: TlsSource, log: Log): CertificateBook {
  const first = read(source);
  if (first.files === undefined) throw new UserError(atLeastOne(first.problems));
  let known: TlsFiles = first.files;
  let seen: string | undefined = stateOf(source);
  let complaint: string | undefined;
  const refresh = () => {
    const state = stateOf(source);
    if (state === seen) return;
    const { files, problems } = read(source);
    if (files === undefined) {
      const why = problems.map(({ message }) => message).join(' ');
      if (why !== complaint) log.warn(`The certificate stays as it was: ${why}`);
      complaint = why;
      return;
    }
    [seen, complaint] = [state, undefined];
    if (isSame(files, known)) return;
    known = files;
    const { sha256, endsAt } = describe(known);
    log.info(`The certificate was read anew: SHA-256 ${sha256}, good until ${endsAt}.`);
  };
  const fresh = <T>(give: () => T) => {
    refresh();
    return give();
  };
  return {
    now: () => fresh(() => known),
    problem: () => fresh(() => complaint),
    about: () => fresh(() => describe(known)),
    endsSoon: (now) => fresh(() => endsSoon(new X509Certificate(known.cert), now)),
    asksClients: source.clientCaFile !== undefined,
  };
}

function read(source: TlsSource) {
  const { value, problems: unread } = readTlsFiles(source);
  const problems = value === undefined ? unread : judgeCertificate(value, source);
  return { files: problems.length === 0 ? value : undefined, problems };
}

/** What tells one content of the files from the next; files that are gone differ from all. */
function stateOf({ certFile, keyFile, clientCaFile }: TlsSource): string {
  const files = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  return files.map(lookAt).join('\n');
}

function lookAt(file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function isSame(left: TlsFiles, right: TlsFiles): boolean {
  return left.cert === right.cert && left.key === right.key && left.ca === right.ca;
}

function describe({ cert }: TlsFiles) {
  const { fingerprint256: sha256, validToDate } = new X509Certificate(cert);
  return { sha256, endsAt: validToDate.toISOString() };
}
