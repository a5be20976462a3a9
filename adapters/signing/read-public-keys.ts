/** The public keys (SPKI PEM) in a text; what stands between them does not matter. */
export function readPublicKeys(text: string): readonly string[] {
  return text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
}
