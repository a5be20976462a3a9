import { createPrivateKey, type KeyObject } from 'node:crypto';

/**
 * The private keys in a text: each block of PEM that can be read. A repository has one secret for both that it signs with: Ed25519 for
 * the ledger and what hosts obey, ECDSA for bundles, whose specification knows no Ed25519.
 */
export function readPrivateKeys(text: string): readonly KeyObject[] {
  const blocks =
    text.match(/-----BEGIN (?:EC )?PRIVATE KEY-----[^-]+-----END (?:EC )?PRIVATE KEY-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [createPrivateKey(block)];
    } catch {
      return [];
    }
  });
}

/** The Ed25519 key among those of a text; where there is none the first, whatever it is. Throws OpenSSL's error when it can't be read. */
export function readSigningKey(text: string): KeyObject {
  const ed25519 = readPrivateKeys(text).find((key) => key.asymmetricKeyType === 'ed25519');
  return ed25519 ?? createPrivateKey(text);
}
