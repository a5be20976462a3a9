/** One form of a host's address, however it is written: `https://Serve-1:443/` is `https://serve-1`. What is no address stays as it is. */
export function hostAddress(written: string): string {
  const parsed = URL.parse(written);
  return parsed === null ? written : parsed.href.replace(/\/+$/, '');
}
