/** One thing that an attacker tries, and how it has to end. */
export type Attempt = {
  /** The attacker's letter and a number: `P7`. */
  readonly id: string;
  readonly tries: string;
  /** Stopped before it did anything; or, where nobody can stop it, found by somebody and named. */
  readonly end: 'stopped' | 'found';
  /** The code, or the words, that it ends with. The test that plays it sees just these. */
  readonly by: string;
};
