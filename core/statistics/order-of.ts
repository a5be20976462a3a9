/** Digits of 11 bits: six passes over a double, each with a table that stays in the processor's cache. */
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;
const PASSES = 6;
const WORD_BITS = 32;
/** Fewer values are compared: the tables of digits alone would cost more. */
const FEW = 512;
const SIGN = 0x80000000;

/**
 * The places of values from the smallest to the largest, of many in O(n) by their bits; equal ones in the order in which they stand. `0` and `-0` are
 * equal. No value is NaN.
 *
 * Reference: Knuth, The Art of Computer Programming, vol. 3, 5.2.5, algorithm R (radix list sort), on the sign-flipped bits of IEEE 754.
 */
export function orderOf(values: ArrayLike<number>): Uint32Array {
  const size = values.length;
  if (size < FEW) return compareAll(values);
  const words = sortableBits(values);
  let from = new Uint32Array(size);
  for (let place = 0; place < size; place += 1) from[place] = place;
  let to = new Uint32Array(size);
  for (let pass = 0; pass < PASSES; pass += 1) {
    const starts = new Uint32Array(DIGITS);
    const digits = digitsOf(words, pass * DIGIT_BITS);
    for (let place = 0; place < size; place += 1) {
      const digit = digits[place] ?? 0;
      starts[digit] = (starts[digit] ?? 0) + 1;
    }
    // All alike in this digit: they stand in order.
    if (starts[digits[0] ?? 0] === size) continue;
    let sum = 0;
    for (let digit = 0; digit < DIGITS; digit += 1) {
      const count = starts[digit] ?? 0;
      starts[digit] = sum;
      sum += count;
    }
    for (let place = 0; place < size; place += 1) {
      const row = from[place] ?? 0;
      const digit = digits[row] ?? 0;
      const next = starts[digit] ?? 0;
      to[next] = row;
      starts[digit] = next + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}

function compareAll(values: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: values.length }, (_, place) => place);
  return order.sort((a, b) => {
    const [one, other] = [values[a] ?? 0, values[b] ?? 0];
    return one === other ? a - b : one - other;
  });
}

type Words = { readonly low: Uint32Array; readonly high: Uint32Array };

/** The bits of each value as two words that, as whole numbers, are ordered as the values are. */
function sortableBits(values: ArrayLike<number>): Words {
  // Adding 0 makes one zero of both.
  const numbers = new Float64Array(values.length);
  for (let place = 0; place < values.length; place += 1) numbers[place] = (values[place] ?? 0) + 0;
  const words = new Uint32Array(numbers.buffer);
  const isLittle = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
  const low = new Uint32Array(values.length);
  const high = new Uint32Array(values.length);
  for (let place = 0; place < values.length; place += 1) {
    const [one, other] = [words[2 * place] ?? 0, words[2 * place + 1] ?? 0];
    const top = isLittle ? other : one;
    const bottom = isLittle ? one : other;
    const isNegative = top >= SIGN;
    high[place] = isNegative ? ~top : top | SIGN;
    low[place] = isNegative ? ~bottom : bottom;
  }
  return { low, high };
}

/** So many bits of each value, from this one on. */
function digitsOf({ low, high }: Words, shift: number): Uint16Array {
  const digits = new Uint16Array(low.length);
  for (let place = 0; place < low.length; place += 1) {
    const [bottom, top] = [low[place] ?? 0, high[place] ?? 0];
    const bits =
      shift >= WORD_BITS
        ? top >>> (shift - WORD_BITS)
        : (bottom >>> shift) | (shift + DIGIT_BITS > WORD_BITS ? top << (WORD_BITS - shift) : 0);
    digits[place] = bits & (DIGITS - 1);
  }
  return digits;
}
