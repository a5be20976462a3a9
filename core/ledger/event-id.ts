import type { Cause } from './cause.ts';

const MAX_LENGTH = 200;
const HASH_LENGTH = 16;

/**
 * The idempotency key of one step of what a cause set going: the same cause and step give the same id on every attempt. `parts` tell
 * apart steps of the same kind (environment, stage, version).
 */
export function eventId(
  cause: Pick<Cause, 'id'>,
  kind: string,
  ...parts: readonly (string | number)[]
): string {
  const id = [cause.id, kind, ...parts].join('/');
  if (id.length <= MAX_LENGTH) return id;
  return `${id.slice(0, MAX_LENGTH - HASH_LENGTH - 1)}~${fingerprint(id)}`;
}

/** FNV-1a, 64 bits, over UTF-16 units, in hex. */
function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= BigInt(text.charCodeAt(index));
    hash = BigInt.asUintN(64, hash * 0x100000001b3n);
  }
  return hash.toString(16).padStart(HASH_LENGTH, '0');
}
