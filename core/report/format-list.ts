/** `a`, `a and b`, `a, b, and c`; nothing of nothing. */
export function formatList(names: Iterable<string>): string {
  const all = [...names];
  if (all.length <= 2) return all.join(' and ');
  return `${all.slice(0, -1).join(', ')}, and ${all.at(-1)}`;
}
