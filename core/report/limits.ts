/** GitHub takes no longer comment or issue, in characters. */
export const COMMENT_CHARACTERS = 65_536;
/** GitHub takes no longer job summary of one step, in bytes. */
const SUMMARY_BYTES = 1_048_576;

/** What marks a comment and its sections may take, in characters. */
const MARKS = 5_536;
/** What follows a summary may take, in bytes: its end of line. */
const END_OF_LINE = 2;
/** So many share the comment of one plan: the chain as a whole, propose, evaluate-gate, register, deploy. */
const SECTIONS = 5;

/** Where a report is shown; beside a comment or an issue stands the run it came from. */
export type Place =
  | { readonly kind: 'summary' }
  | { readonly kind: 'comment' | 'section' | 'issue'; readonly runUrl: string };

/** How much a place takes, and in what that is measured. */
export type Limit = { readonly most: number; readonly measure: (text: string) => number };

/** The most that a report may have at a place. */
export function limitOf({ kind }: Place): Limit {
  switch (kind) {
    case 'summary':
      return { most: SUMMARY_BYTES - END_OF_LINE, measure: countBytes };
    case 'comment':
    case 'issue':
      return { most: COMMENT_CHARACTERS - MARKS, measure: countCharacters };
    case 'section':
      return { most: (COMMENT_CHARACTERS - MARKS) / SECTIONS, measure: countCharacters };
  }
}

function countBytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** In the units of a JavaScript string, which are never fewer than GitHub's characters. */
function countCharacters(text: string): number {
  return text.length;
}
