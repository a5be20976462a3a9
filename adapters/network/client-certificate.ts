import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, UserError } from '../../core/errors.ts';
import type { ProcessVariables } from './choose-proxy.ts';

/** What is shown to an agent that asks who it is. */
export type ClientCertificate = { readonly cert: string; readonly key: string };

/** The certificate and key of a file (PEM) that holds both, as they are shown to agents. Throws a UserError where it can't be used. */
export function readClientCertificate(file: string): ClientCertificate {
  try {
    const text = readFileSync(file, 'utf8');
    if (new X509Certificate(text).checkPrivateKey(createPrivateKey(text))) return { cert: text, key: text };
  } catch (thrown) {
    throw unusable(file, `: ${messageOf(thrown)}`);
  }
  throw unusable(file, ', since the key in it is another’s');
}

/**
 * These variables without the client certificate that they name, where it can't be used, which is said to `warn`: hosts that ask for none
 * are reached, and one that does says so itself.
 */
export function withoutUnusable(env: ProcessVariables, warn: (line: string) => void): ProcessVariables {
  const file = env['TRAINYARD_CLIENT_CERT_FILE'] || undefined;
  if (file === undefined) return env;
  try {
    readClientCertificate(file);
    return env;
  } catch (thrown) {
    warn(messageOf(thrown));
    return { ...env, TRAINYARD_CLIENT_CERT_FILE: undefined };
  }
}

function unusable(file: string, why: string): UserError {
  return new UserError([
    {
      code: 'client-certificate-unusable',
      message: `The client certificate in ${file} can't be used${why}.`,
      remedy:
        'Have TRAINYARD_CLIENT_CERT_FILE name a PEM file with the certificate, what it was issued by, and its unencrypted key.',
      where: { kind: 'file', file },
    },
  ]);
}
