/** Runs pieces of work one after the other, in the order they came; one that fails does not stop the next. */
type Mutex = <T>(work: () => Promise<T>) => Promise<T>;

/** A mutex that nobody holds. */
export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
