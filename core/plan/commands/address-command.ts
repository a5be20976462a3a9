/** The models whose runs hear the same comments, in the order of their names, and the one that this run is of. */
export type Models = { readonly own: string; readonly all: readonly string[] };

/** Whom a comment is for. */
type Addressed =
  /** For this run's model: the command without that model's name. */
  | { readonly kind: 'own'; readonly body: string }
  /** It names another model, whose run does what it asks for. */
  | { readonly kind: 'other'; readonly model: string }
  /** It names none of several. One run answers for all: `answers` says whether it is this one. */
  | { readonly kind: 'open'; readonly body: string; readonly answers: boolean };

/** The command, `/plan` before it included, and the word that may be a model's name. */
const NAMED = /^(?<command>\s*\/(?:plan\s+)?\S+)[ \t]+(?<word>\S+)(?<rest>[\s\S]*)$/i;

/**
 * Finds whom a comment is for: a model is named right after the command, `/rollback faces v6`. Where there is but one, its name may be
 * left out.
 */
export function addressCommand(body: string, { own, all }: Models): Addressed {
  const { command = '', word = '', rest = '' } = NAMED.exec(body)?.groups ?? {};
  const named = all.find((model) => model.toLowerCase() === word.toLowerCase());
  if (named === own) return { kind: 'own', body: `${command}${rest}` };
  if (named !== undefined) return { kind: 'other', model: named };
  return all.length <= 1 ? { kind: 'own', body } : { kind: 'open', body, answers: all[0] === own };
}
