/** A detached signature of DSSE: which key made it, as a name for people, and the signature in base64. */
export type Signature = { readonly keyid: string; readonly sig: string };

/** The type that signatures of lines are made for: none of a statement can be passed off as one. */
export const LINE_TYPE = 'application/vnd.trainyard.ledger-line+json';

const SIGNATURES = ',"signatures":';
/** A list of flat objects, and the end of the line's own. */
const AT_THE_END = /^(?<list>\[(?:\{[^[\]{}]*\},?)+\])\}$/;

/** A line that carries its signatures at its end: what they were made over is the line without them. */
type SignedText = { readonly payload: string; readonly signatures: readonly Signature[] };

/** The line with its signatures, made over all of it. */
export function joinSignatures(payload: string, signatures: readonly Signature[]): string {
  return `${payload.slice(0, -1)}${SIGNATURES}${JSON.stringify(signatures)}}`;
}

/** What was signed of a line, and by what; `undefined` where no signatures end it. It reads the text: what was signed is bytes, not their meaning. */
export function splitSignatures(line: string): SignedText | undefined {
  const at = line.lastIndexOf(SIGNATURES);
  const list = at < 0 ? undefined : AT_THE_END.exec(line.slice(at + SIGNATURES.length))?.groups?.['list'];
  if (list === undefined) return undefined;
  const signatures: unknown = JSON.parse(list);
  if (!Array.isArray(signatures) || !signatures.every(isSignature)) return undefined;
  return { payload: `${line.slice(0, at)}}`, signatures };
}

function isSignature(value: unknown): value is Signature {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'sig' in value && typeof value.sig === 'string' && 'keyid' in value && typeof value.keyid === 'string'
  );
}
