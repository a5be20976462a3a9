/** Tokens that GitHub knows, and their ends by a clock that tests move. */
export type TokenLives = {
  /** Login of the token's holder, or `undefined`: GitHub says the same of a token that ended and of one that never was. */
  readonly holderOf: (token: string | undefined) => string | undefined;
  /** Lets a token end so many hours from now. */
  readonly endAfter: (token: string, hours: number) => void;
  /** Moves the clock by which tokens end. */
  readonly pass: (hours: number) => void;
};

/** Keeps tokens, each good without end until it is given one. */
export function createTokenLives(holders: ReadonlyMap<string, string>): TokenLives {
  const ends = new Map<string, number>();
  let hoursPassed = 0;
  return {
    holderOf: (token) => {
      if (token === undefined || hoursPassed >= (ends.get(token) ?? Number.POSITIVE_INFINITY))
        return undefined;
      return holders.get(token);
    },
    endAfter: (token, hours) => {
      ends.set(token, hoursPassed + hours);
    },
    pass: (hours) => {
      hoursPassed += hours;
    },
  };
}
