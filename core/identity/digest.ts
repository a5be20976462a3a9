import { z } from 'zod';

const PREFIX = 'sha256:';
const HEX = /^[0-9a-f]{64}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** A SHA-256: `sha256:` and 64 hex digits. Alone in its file, so that whoever needs only this loads no other schema. */
export const digestSchema = z.string().regex(DIGEST, { error: 'must be sha256: and 64 hex digits' });

/** A SHA-256 as a path may name it: with or without the `sha256:` in front. */
export const namedDigestSchema = z
  .string()
  .regex(/^(sha256:)?[0-9a-f]{64}$/, { error: 'must be 64 hex digits, sha256: before them or not' })
  .transform((named) => (named.startsWith(PREFIX) ? named : digestOf(named)));

/** The 64 hex digits of a SHA-256 alone, as in-toto statements have them. */
export const hexSchema = z.string().regex(HEX);

/** The digest whose hex digits these are. */
export function digestOf(hex: string): string {
  return `${PREFIX}${hex}`;
}

/** The hex digits of a digest alone, as the names of files have them. */
export function digestHex(digest: string): string {
  return digest.startsWith(PREFIX) ? digest.slice(PREFIX.length) : digest;
}
