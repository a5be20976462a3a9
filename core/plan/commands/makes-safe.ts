import { findCommand } from './command-table.ts';

const WORD = /^[ \t\r\n]*\/(?<name>[a-z]+)(?=[\s]|$)/i;

/**
 * Whether a comment asks for something that makes safe: to take back, to hold or to freeze. By its first word alone, for whichever model
 * and environment it is meant: all of them wait for the same runner.
 */
export function makesSafe(body: string): boolean {
  const name = WORD.exec(body)?.groups?.['name'] ?? '';
  return findCommand(name.toLowerCase())?.effect === 'guards';
}
