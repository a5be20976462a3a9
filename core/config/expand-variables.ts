const VARIABLE = /\$(?<escaped>\$)?\{(?<name>[A-Za-z_]\w*)(?::-(?<fallback>[^}]*))?\}/g;

/** A text with its variables filled in; those without a value stay as written and are listed. */
type Expanded = { readonly value: string; readonly missing: readonly string[] };

/**
 * Fills `${NAME}` and `${NAME:-default}` from `env`; `$${NAME}` is the text `${NAME}`. An empty variable counts as missing,
 * since a workflow gives an unset secret as an empty string.
 */
export function expandVariables(text: string, env: Readonly<Record<string, string | undefined>>): Expanded {
  const missing: string[] = [];
  const value = text.replaceAll(VARIABLE, (written, ...rest) => {
    const groups: unknown = rest.at(-1);
    const { escaped, name, fallback } = readGroups(groups);
    if (escaped !== undefined) return written.slice(1);
    const found = name === undefined || !Object.hasOwn(env, name) ? undefined : env[name];
    if (found !== undefined && found !== '') return found;
    if (fallback !== undefined) return fallback;
    missing.push(name ?? '');
    return written;
  });
  return { value, missing };
}

/** The text that is read as this one: in it nothing is filled in. */
export function escapeVariables(text: string): string {
  return text.replaceAll(VARIABLE, (written) => `$${written}`);
}

/** The text with `${NAME}` in place of `$${NAME}`, and nothing filled in. */
export function unescapeVariables(text: string): string {
  return text.replaceAll(VARIABLE, (written) => written.replace(/^\$\$/, '$'));
}

/** The variables that a text names, each once; what is escaped names none. */
export function listVariables(text: string): readonly string[] {
  const names = [...text.matchAll(VARIABLE)].flatMap(({ groups }) =>
    groups?.['escaped'] === undefined && groups?.['name'] !== undefined ? [groups['name']] : [],
  );
  return [...new Set(names)];
}

function readGroups(groups: unknown): Readonly<Record<'escaped' | 'name' | 'fallback', string | undefined>> {
  const read = (key: string): string | undefined => {
    const found: unknown =
      typeof groups === 'object' && groups !== null ? Reflect.get(groups, key) : undefined;
    return typeof found === 'string' ? found : undefined;
  };
  return { escaped: read('escaped'), name: read('name'), fallback: read('fallback') };
}
