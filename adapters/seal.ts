import { createHmac, randomBytes } from 'node:crypto';

/** Random bytes in a nonce, in hex: nobody guesses it. */
const NONCE_BYTES = 32;

/** A text that nobody can guess. */
export function createNonce(): string {
  return randomBytes(NONCE_BYTES).toString('hex');
}

/** Seals facts so that who knows the nonce can tell that they were sealed by another who knew it: HMAC-SHA256, in hex. */
export function createSeal(nonce: string): (facts: readonly string[]) => string {
  // As JSON no two lists of facts are one text.
  return (facts) => createHmac('sha256', nonce).update(JSON.stringify(facts)).digest('hex');
}
