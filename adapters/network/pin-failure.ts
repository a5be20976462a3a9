/** The code of a server that shows another certificate than the one that is named. */
export const NOT_PINNED = 'ERR_CERTIFICATE_NOT_PINNED';

/** A server that was connected to, and to which nothing was sent. */
export class PinFailure extends Error {
  override readonly name = 'PinFailure';
  readonly code = NOT_PINNED;

  constructor(named: string, shown: string | undefined) {
    const found = shown === undefined ? 'no certificate' : `a certificate with SHA-256 ${shown}`;
    super(`it shows ${found}, and trainyard.yml names ${named}`);
  }
}
