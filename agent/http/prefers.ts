/**
 * Whether a header of what is accepted, such as `Accept-Encoding` (RFC 9110, 12.5), says that this is taken, and no less gladly than the other
 * that would be given without it. Names that stand for all are not meant, and of several forms of one the likeliest counts.
 */
export function prefers(accepted: string | undefined, wanted: string, other: string): boolean {
  const entries = (accepted ?? '').split(',').map(readEntry);
  const weightOf = (name: string) =>
    Math.max(0, ...entries.filter((entry) => entry.name === name).map(({ weight }) => weight));
  const weight = weightOf(wanted);
  return weight > 0 && weight >= weightOf(other);
}

/** A name and its weight, `gzip;q=0.5`; 0 where that is no number, so that what is unclear is not taken. */
function readEntry(text: string): { readonly name: string; readonly weight: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((one) => /^q\s*=/.test(one))?.replace(/^q\s*=\s*/, '');
  return { name, weight: weight === undefined ? 1 : Number(weight) || 0 };
}
