/** What must be true at every step: its name, what it says, and how a breach of it reads. */
export type Invariant<Situation> = {
  readonly name: string;
  readonly text: string;
  /** How it is broken, in a sentence; `undefined` while it holds. */
  readonly breach: (situation: Situation) => string | undefined;
};
