/** So many digits of a tree's name make a number. */
const DIGITS = 8;
/** Seeds of commits lie so far apart that two of them share none, and above all that are known or drawn by chance. */
const APART = 100_000;
const FIRST = 1_000_000_000;

/** The first seed of a commit, by what git calls its tree: another for each, and the same each time. */
export function seedOf(tree: string): number {
  return FIRST + APART * Number.parseInt(tree.slice(0, DIGITS), 16);
}
