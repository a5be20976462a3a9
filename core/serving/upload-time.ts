/** The slowest link that packages are sent over, in bytes/s: one Mbit/s. */
const SLOWEST_BYTES_PER_SECOND = 125_000;
/** What the shortest file has as well, in ms. */
const LEAST_MS = 10 * 60_000;
/** The longest time that a timer counts, in ms. */
const MOST_MS = 2 ** 31 - 1;

/**
 * The longest that a file of so many bytes may take on its way to a host, in ms. Both sides hold to it; what stands still is ended
 * much sooner.
 */
export function longestUploadMs(bytes: number): number {
  return Math.min(MOST_MS, LEAST_MS + Math.ceil((1_000 * bytes) / SLOWEST_BYTES_PER_SECOND));
}
