/** One form of a host's address, however it is written: `https://Serve-1:443/` is `https://serve-1`. What is no address stays as it is. */
export function hostAddress(written: string): string {
  const parsed = URL.parse(written);
  return parsed === null ? written : parsed.href.replace(/\/+$/, '');
}

/** The certificates (SHA-256) that hosts are held to, by the one form of their addresses. */
export type Fingerprints = Readonly<Record<string, string>>;

/** The certificate that a host is held to, however its address is written; `undefined` where it is held to none. */
export function fingerprintOf(fingerprints: Fingerprints | undefined, written: string): string | undefined {
  return fingerprints?.[hostAddress(written)];
}

/** Those of all environments. */
export function fingerprintsOf(
  environments: Readonly<Record<string, { readonly fingerprints?: Fingerprints }>>,
): Fingerprints {
  return Object.assign({}, ...Object.values(environments).map((one) => one.fingerprints ?? {}));
}
