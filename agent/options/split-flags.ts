import { parseArgs } from 'node:util';

/** What was given of some flags, a switch as `true`, and the arguments that are left. */
type Split<Flag extends string> = {
  readonly flags: Readonly<Partial<Record<Flag, string>>>;
  readonly rest: readonly string[];
};

/** Takes a command's own flags, each with its kind, out of its arguments: the rest are the agent's options. */
export function splitFlags<Flag extends string>(
  argv: readonly string[],
  kinds: Readonly<Record<Flag, 'string' | 'boolean'>>,
): Split<Flag> {
  const isOwn = (name: string): name is Flag => name in kinds;
  const options = Object.fromEntries(
    Object.entries<'string' | 'boolean'>(kinds).map(([name, type]) => [name, { type }] as const),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const flags: Partial<Record<Flag, string>> = {};
  const taken = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option' || !isOwn(token.name)) continue;
    flags[token.name] = token.value ?? (kinds[token.name] === 'boolean' ? 'true' : '');
    taken.add(token.index);
    if (token.value !== undefined && !token.inlineValue) taken.add(token.index + 1);
  }
  return { flags, rest: argv.filter((_, index) => !taken.has(index)) };
}
