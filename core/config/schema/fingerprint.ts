/** A SHA-256 as Node and OpenSSL write the fingerprint of a certificate, `AB:CD:…`; `undefined` where it is none. */
export function readFingerprint(written: string): string | undefined {
  const digits = written
    .trim()
    .replace(/^sha256:/i, '')
    .replaceAll(':', '');
  if (!/^[0-9a-f]{64}$/i.test(digits)) return undefined;
  return (digits.toUpperCase().match(/../g) ?? []).join(':');
}
