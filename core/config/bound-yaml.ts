import { type CST, Parser } from 'yaml';

/** The largest configuration that is read, in bytes: a long one has a few thousand. */
export const MOST_CONFIG_BYTES = 64 * 1024;
const MOST_DEPTH = 32;
const MOST_VALUES = 5_000;
const LONGEST_VALUE = 4_096;

/** What a text has too much of, and where in it. */
type Excess = { readonly code: string; readonly message: string; readonly offset: number };

/** A configuration that is larger than any that is meant: its size alone refuses it. */
export function tooLarge(bytes: number): Excess {
  const message = `It has ${bytes} bytes, and a configuration has at most ${MOST_CONFIG_BYTES}.`;
  return { code: 'config-too-large', message, offset: 0 };
}

/** What a YAML text has more of than any configuration that is meant; found without recursion, before it is made into values. */
export function findExcess(text: string): Excess | undefined {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MOST_CONFIG_BYTES) return tooLarge(bytes);
  const ahead = Array.from(new Parser().parse(text), (token) => ({ token, depth: 0 }));
  let values = 0;
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { token, depth } = next;
    const { offset } = token;
    if (depth > MOST_DEPTH) {
      const message = `Its values lie more than ${MOST_DEPTH} deep in one another.`;
      return { code: 'config-too-deep', message, offset };
    }
    values += 1;
    if (values > MOST_VALUES) {
      return { code: 'config-too-many', message: `It has more than ${MOST_VALUES} keys and values.`, offset };
    }
    if ('source' in token && token.source.length > LONGEST_VALUE) {
      const message = `A value has more than ${LONGEST_VALUE} characters.`;
      return { code: 'config-value-too-long', message, offset };
    }
    ahead.push(...partsOf(token).map((part) => ({ token: part, depth: depth + 1 })));
  }
  return undefined;
}

/** The values that lie in one. */
function partsOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items
    .flatMap(({ key, value }) => [key, value])
    .filter((part) => part !== undefined && part !== null);
}
