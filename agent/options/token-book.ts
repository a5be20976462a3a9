import { statSync } from 'node:fs';
import type { Log } from '../../core/ports.ts';
import { ROLES } from '../../core/serving/route.ts';
import { type AgentOptions, readTokens } from './options.ts';
import { type AccessToken, fingerprintOf } from './tokens.ts';

/** Gives the tokens that are good now. */
type TokenBook = () => readonly AccessToken[];

/**
 * The tokens of the file as it is at each call, so that one can be replaced while the agent runs; those that came otherwise stay as they are.
 * A file that can't be read, or holds something wrong, changes nothing, and the log says so once.
 */
export function createTokenBook({
  options: { tokensFile, tokens: first },
  log,
}: {
  readonly options: Pick<AgentOptions, 'tokensFile' | 'tokens'>;
  readonly log: Log;
}): TokenBook {
  if (tokensFile === undefined) return () => first;
  let known = first;
  let seen: string | undefined;
  return () => {
    const state = stateOf(tokensFile);
    if (state === seen || state === undefined) return known;
    seen = state;
    const { value = [], problems } = readTokens({ tokensFile, tokens: undefined });
    if (problems.length > 0) {
      log.warn(`Tokens stay as they were: ${problems.map(({ message }) => message).join(' ')}`);
      return known;
    }
    if (describe(value) !== describe(known)) log.info(`Tokens were read anew: ${describe(value)}`);
    known = value;
    return known;
  };
}

/** What tells one content of a file from the next; nothing of what is no file, a pipe say, which can be read once. */
function stateOf(file: string): string | undefined {
  const about = statSync(file, { bigint: true, throwIfNoEntry: false });
  return about?.isFile() === true
    ? [about.ino, about.size, about.mtimeNs, about.ctimeNs].join(' ')
    : undefined;
}

function describe(tokens: readonly AccessToken[]): string {
  const told = ROLES.flatMap((role) => {
    const own = tokens.filter((token) => token.role === role).map(fingerprintOf);
    return own.length === 0 ? [] : [`${role} ${own.join(', ')}`];
  });
  return `${told.join('; ')}.`;
}
