import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** What a repository and its hosts share: the agents' token, the secret of their reports, and the pair that signs (PEM). */
export type HostKeys = {
  readonly deployer: string;
  readonly dispatchSecret: string;
  readonly signingKey: string;
  readonly trustedKey: string;
};

/** Makes them anew. */
export function makeKeys(): HostKeys {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    deployer: randomBytes(24).toString('hex'),
    dispatchSecret: randomBytes(24).toString('hex'),
    signingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    trustedKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
