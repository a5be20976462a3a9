/** What was read last, until it is cleared. */
export type Cache<T> = { readonly get: () => T; readonly clear: () => void };

/** What `read` gave last, until it is cleared: every tick asks, and seldom anything has changed. Nobody else has the database open. */
export function cacheUntilWritten<T>(read: () => T): Cache<T> {
  let cached: { readonly value: T } | undefined;
  return {
    get: () => {
      cached ??= { value: read() };
      return cached.value;
    },
    clear: () => {
      cached = undefined;
    },
  };
}
