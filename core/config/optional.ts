/** An object with this one key, or none when there is no value: what exact optional properties want. */
export function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  const present: { [P in K]?: V } = {};
  if (value !== undefined) present[key] = value;
  return present;
}
