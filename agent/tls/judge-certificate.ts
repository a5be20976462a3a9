import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { messageOf, type Problem } from '../../core/errors.ts';
import type { TlsFiles, TlsSource } from '../options/read-tls.ts';

/** A certificate that ends within so long is told of, in ms, or within that share of its life, since short ones are renewed late. */
const SOON_MS = 14 * 86_400_000;
const SOON_SHARE = 1 / 5;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** What stands in the way of serving with these: nothing where they fit together. Names the files. */
export function judgeCertificate({ cert, key, ca }: TlsFiles, source: TlsSource): readonly Problem[] {
  try {
    const certificate = new X509Certificate(cert);
    const wrong = misfits(certificate, key, source);
    if (wrong.length > 0) return wrong;
    createSecureContext({ cert, key });
  } catch (thrown) {
    const message = `${source.certFile} or ${source.keyFile} can't be read as PEM (${messageOf(thrown)}).`;
    const remedy = 'Name a certificate chain, the own one first, and its unencrypted private key.';
    return [{ code: 'certificate-unreadable', message, remedy }];
  }
  return ca === undefined ? [] : judgeAuthorities(ca, source);
}

/** Whether a certificate ends so soon, at `now` in ms since 1970, that it should have been renewed. */
export function endsSoon({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  const ends = validToDate.getTime();
  return ends - now <= Math.min(SOON_MS, (ends - validFromDate.getTime()) * SOON_SHARE);
}

/** Whom a certificate names, as people read it. */
export function nameOf({ subjectAltName, subject }: X509Certificate): string {
  return subjectAltName ?? subject;
}

function misfits(certificate: X509Certificate, key: string, source: TlsSource): readonly Problem[] {
  if (certificate.checkPrivateKey(createPrivateKey(key))) return [];
  const message = `${source.keyFile} is not the key of ${source.certFile} (${nameOf(certificate)}).`;
  const remedy = 'Name the two that belong together; in a chain the own certificate comes first.';
  return [{ code: 'key-does-not-fit', message, remedy }];
}

function judgeAuthorities(ca: string, { clientCaFile = '' }: TlsSource): readonly Problem[] {
  const remedy = 'Name a file (PEM) with the certificates of the authorities that clients have theirs from.';
  const found = ca.match(PEM_CERTIFICATE) ?? [];
  const none = `${clientCaFile} holds no certificate.`;
  if (found.length === 0) return [{ code: 'client-authority-unreadable', message: none, remedy }];
  try {
    for (const one of found) new X509Certificate(one);
    return [];
  } catch (thrown) {
    const message = `${clientCaFile} can't be read as PEM (${messageOf(thrown)}).`;
    return [{ code: 'client-authority-unreadable', message, remedy }];
  }
}
