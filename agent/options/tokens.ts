import { hash } from 'node:crypto';
import { ROLES, type Role } from '../../core/serving/route.ts';

/** An access token, kept as its SHA-256 only. */
export type AccessToken = { readonly role: Role; readonly hash: Buffer };

/** Shorter tokens can be guessed. */
const MIN_TOKEN_LENGTH = 16;
/** In hexadecimal digits: enough to tell a team's tokens apart, too little to try guesses against. */
const FINGERPRINT_LENGTH = 8;

/** Reads `<role> <token>` per line (or separated by commas); lines that start with `#` are comments. Gives all problems at once. */
export function parseTokens(text: string): {
  readonly tokens: readonly AccessToken[];
  readonly problems: readonly string[];
} {
  const tokens: AccessToken[] = [];
  const problems: string[] = [];
  const seen = new Map<string, { readonly role: Role; readonly entry: number }>();
  for (const [index, line] of text.split(/[\n,]/).entries()) {
    const entry = line.trim();
    if (entry === '' || entry.startsWith('#')) continue;
    const { name, token = '' } = /^(?<name>\w+)[\s=]+(?<token>\S+)$/.exec(entry)?.groups ?? {};
    const role = ROLES.find((known) => known === name);
    if (role === undefined) {
      problems.push(`entry ${index + 1} is not "<${ROLES.join(' | ')}> <token>"`);
    } else if (token.length < MIN_TOKEN_LENGTH) {
      problems.push(`the token of entry ${index + 1} is shorter than ${MIN_TOKEN_LENGTH} characters`);
    } else {
      const before = seen.get(token);
      if (before !== undefined && before.role !== role) {
        problems.push(
          `the token of entry ${index + 1} is the one of entry ${before.entry}, with another role`,
        );
      }
      seen.set(token, before ?? { role, entry: index + 1 });
      tokens.push({ role, hash: hashToken(token) });
    }
  }
  return { tokens, problems };
}

/** How a token is named where it must not be shown: the first characters of its SHA-256, as `sha256sum` prints it. */
export function fingerprintOf({ hash: digest }: AccessToken): string {
  return digest.toString('hex').slice(0, FINGERPRINT_LENGTH);
}

/** SHA-256 of a token, which makes all of them equally long and so comparable in constant time. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
