import type { Problem } from '../../core/errors.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Role } from '../../core/serving/route.ts';
import { fingerprintOf, parseTokens } from './tokens.ts';

/** A comment of the file that says which token is dropped at the end of a rotation. */
const MARK = /^# rotate-token: (?<role>\w+) (?<fingerprint>[0-9a-f]+) goes$/;

/** A token that takes the place of another: of the only one of its role unless that is named by its fingerprint. */
type Successor = { readonly role: Role; readonly token: string; readonly replaces: string | undefined };

/** The new text, and the fingerprint of the token that goes. */
type Edited = { readonly text: string; readonly old: string | undefined };

/** Puts a token beside the one that it replaces: both are good until `dropReplaced`. */
export function addSuccessor(text: string, { role, token, replaces }: Successor): Result<Edited, Problem> {
  const own = fingerprintsOf(text, role);
  const open = own.find((fingerprint) => isMarked(text, role, fingerprint));
  if (open !== undefined)
    return refuse(
      'rotation-open',
      `The ${role}'s token ${open} is being replaced already.`,
      `End that first: rotate-token ${role} --finish.`,
    );
  if (replaces !== undefined && !own.includes(replaces))
    return refuse(
      'token-unknown',
      `No token of a ${role} has the fingerprint ${replaces}.`,
      `Name one of ${own.join(', ') || 'none'}.`,
    );
  const old = replaces ?? own[0];
  if (replaces === undefined && own.length > 1)
    return refuse(
      'token-unclear',
      `There are ${own.length} tokens of a ${role}: ${own.join(', ')}.`,
      'Say which of them goes, by the first characters of its SHA-256: --replace <fingerprint>.',
    );
  const added = `${role} ${token}`;
  const lines = linesOf(text).flatMap((line) =>
    old !== undefined && fingerprintsOf(line, role).includes(old)
      ? [`# rotate-token: ${role} ${old} goes`, line, added]
      : [line],
  );
  const next = join(old === undefined ? [...lines, added] : lines);
  const [problem] = parseTokens(next).problems;
  if (problem !== undefined) return refuse('token-unfit', `With it ${problem}.`, 'Give another token.');
  return ok({ text: next, old });
}

/** Drops what `addSuccessor` has replaced; the same text where that is nothing. */
export function dropReplaced(text: string, role: Role): Edited {
  const old = fingerprintsOf(text, role).find((fingerprint) => isMarked(text, role, fingerprint));
  const kept = linesOf(text).filter(
    (line) => !isMark(line, role) && (old === undefined || !fingerprintsOf(line, role).includes(old)),
  );
  return { text: old === undefined ? text : join(kept), old };
}

/** Whether a token of this role is known to the file. */
export function hasToken(text: string, role: Role, fingerprint: string): boolean {
  return fingerprintsOf(text, role).includes(fingerprint);
}

/** One entry a line: commas separate entries, too. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').flatMap((line) => (line.trim().startsWith('#') ? [line] : line.split(',')));
  return lines.map((line) => line.trimEnd());
}

function join(lines: readonly string[]): string {
  return `${lines.join('\n').trimEnd()}\n`;
}

function fingerprintsOf(text: string, role: Role): readonly string[] {
  return parseTokens(text).tokens.flatMap((token) => (token.role === role ? [fingerprintOf(token)] : []));
}

function isMarked(text: string, role: Role, fingerprint: string): boolean {
  return linesOf(text).some(
    (line) => isMark(line, role) && MARK.exec(line)?.groups?.['fingerprint'] === fingerprint,
  );
}

function isMark(line: string, role: Role): boolean {
  return MARK.exec(line)?.groups?.['role'] === role;
}

function refuse(code: string, message: string, remedy: string): Result<never, Problem> {
  return err({ code, message, remedy });
}
