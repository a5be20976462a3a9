import type { TLSSocket } from 'node:tls';
import { NOT_PINNED } from './pin-failure.ts';

/** So long may a service take to show that it speaks TLS, in ms. */
const PROBE_MS = 2_000;
/** How a connection ends in plain text where TLS is spoken. */
const CUT_OFF = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'HPE_INVALID_CONSTANT']);
const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO']);
const UNTRUSTED = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_UNTRUSTED'],
]);

/** Why an address could not be reached, in words, and what to do. */
type Explanation = { readonly why: string; readonly remedy: string };

/**
 * What is known of a failure on the way to a service, from its code, and where that leaves it open, from asking once whether TLS is spoken
 * there. `undefined` where nothing is: then the failure is quoted as it is.
 */
export async function explainFailure(url: URL, code: string | undefined): Promise<Explanation | undefined> {
  if (code === undefined) return undefined;
  if (UNTRUSTED.has(code)) {
    return {
      why: "its certificate is of an authority that isn't trusted here",
      remedy: `Name a file with that authority's certificate (PEM): the input \`ca-file\` of the workflow, or the variable TRAINYARD_CA_FILE.`,
    };
  }
  if (code === NOT_PINNED) {
    return {
      why: 'nothing was sent there',
      remedy: `If that host got a new certificate, write the fingerprint that its agent says at its start, or \`check\` on the host, into trainyard.yml; if not, find out who answers for ${url.host}.`,
    };
  }
  if (code === 'ENOTFOUND') {
    const remedy = `Check how ${url.hostname} is written, and that this machine's name server knows it.`;
    return { why: 'nobody here knows that name', remedy };
  }
  if (code === 'CERT_HAS_EXPIRED')
    return { why: 'its certificate has expired', remedy: `Renew the certificate of ${url.host}.` };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const remedy = 'Write the host as its certificate names it, or have one made for this name.';
    return { why: `its certificate is not for ${url.hostname}`, remedy };
  }
  if (url.protocol === 'https:' && NO_TLS.has(code)) {
    return {
      why: 'no TLS is spoken there',
      remedy: `Write http://${url.host}, or give the service a certificate.`,
    };
  }
  if (url.protocol === 'http:' && CUT_OFF.has(code) && (await speaksTls(url))) {
    return { why: 'TLS is spoken there', remedy: `Write https://${url.host}.` };
  }
  return undefined;
}

/** Nothing is sent, so it does not matter whom the certificate belongs to. */
function speaksTls({ hostname, port }: URL): Promise<boolean> {
  const { connect } = process.getBuiltinModule('node:tls');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket: TLSSocket = connect({ host, port: Number(port || 80), rejectUnauthorized: false });
  socket.setTimeout(PROBE_MS, () => resolve(false));
  socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
