/** A repeatable stream of random numbers; each call moves it on. */
export type RandomStream = {
  /** A whole number in 0..`bound`-1, for `bound` up to 2^32. */
  readonly below: (bound: number) => number;
  /** A number in [0, 1) with 32 random bits. */
  readonly uniform: () => number;
  /** Fills `words` with 32 random bits each: the way to draw millions. */
  readonly fill: (words: Uint32Array) => void;
};

const TWO_TO_32 = 4294967296;
/** Single numbers are made this many at a time. */
const AHEAD = 64;

/**
 * A stream that depends on `seed` alone: xoshiro128** started from four 32-bit FNV-1a hashes of the seed.
 *
 * Claim: the same numbers on every machine and in every release, so that a judgement repeats bit for bit. Not for secrets.
 * Reference: Blackman & Vigna, "Scrambled linear pseudorandom number generators" (ACM TOMS, 2021).
 * Vector: test/core/statistics/random-stream.test.ts, fixed numbers of fixed seeds.
 */
export function randomStream(seed: string): RandomStream {
  const state = Uint32Array.from([0, 1, 2, 3], (part) => hash(`${part}:${seed}`));
  // All zeros is the one state that xoshiro never leaves.
  state[3] = (state[3] ?? 0) | 1;
  const ahead = new Uint32Array(AHEAD);
  let used = AHEAD;
  const next = (): number => {
    if (used === AHEAD) {
      advance(state, ahead);
      used = 0;
    }
    used += 1;
    return (ahead[used - 1] ?? 0) / TWO_TO_32;
  };
  advance(state, new Uint32Array(16));
  return {
    below: (bound) => Math.floor(next() * bound),
    uniform: next,
    fill: (words) => advance(state, words),
  };
}

/** The next words of xoshiro128**; the state is held in locals meanwhile, which is what makes it fast. */
function advance(state: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let index = 0; index < words.length; index += 1) {
    const scrambled = Math.imul(b, 5);
    words[index] = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
  }
  state.set([a, b, c, d]);
}

/** FNV-1a over UTF-16 code units, then murmur3's finaliser so that near seeds start far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
