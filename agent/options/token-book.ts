import { statSync } from 'node:fs';
import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { ROLES } from '../../core/serving/route.ts';
import { type AgentOptions, readTokens } from './options.ts';
import { type AccessToken, fingerprintOf } from './tokens.ts';

/** Gives the tokens that are good now. */
type TokenBook = () => readonly AccessToken[];

/**
 * The tokens of the file as it is at each call, so that one can be replaced while the agent runs; those that came otherwise stay as they are.
 * A file that can't be read, or holds something wrong, changes nothing, and the log says so once; it is read again at each call until it
 * can be, so that what fails for a moment keeps no token alive that was dropped.
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
  let complaint: string | undefined;
  const keep = (file: FileState, why: string) => {
    const next = `${file.state} ${why}`;
    if (next !== complaint) log.warn(`Tokens stay as they were: ${why}`);
    complaint = next;
    return known;
  };
  return () => {
    const file = lookAt(tokensFile);
    if (file.problem !== undefined) return keep(file, file.problem);
    if (file.state === seen || file.state === undefined) return known;
    const { value = [], problems } = readTokens({ tokensFile, tokens: undefined });
    if (problems.length > 0) return keep(file, problems.map(({ message }) => message).join(' '));
    [seen, complaint] = [file.state, undefined];
    if (describe(value) !== describe(known)) log.info(`Tokens were read anew: ${describe(value)}`);
    known = value;
    return known;
  };
}

/** What tells one content of a file from the next: nothing of what is no file, a pipe say, which can be read once; or why that is unknown. */
type FileState = { readonly state?: string | undefined; readonly problem?: string };

function lookAt(file: string): FileState {
  try {
    const about = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (about?.isFile() !== true) return {};
    return { state: [about.ino, about.size, about.mtimeNs, about.ctimeNs].join(' ') };
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}

function describe(tokens: readonly AccessToken[]): string {
  const told = ROLES.flatMap((role) => {
    const own = tokens.filter((token) => token.role === role).map(fingerprintOf);
    return own.length === 0 ? [] : [`${role} ${own.join(', ')}`];
  });
  return `${told.join('; ')}.`;
}
