/**
 * Waits so many ms, of 0 ms only until all that is due has had its turn; rejects with the signal's reason when it aborts before. Node's own
 * waits make an exception with its stack for each that is called off, which the agent does at every tick and nobody hears of.
 */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal?.aborted === true) {
    reject(signal.reason);
    return promise;
  }
  const cancel = begin(milliseconds, () => {
    signal?.removeEventListener('abort', end);
    resolve();
  });
  const end = () => {
    cancel();
    reject(signal?.reason);
  };
  signal?.addEventListener('abort', end, { once: true });
  return promise;
}

/** Gives what calls it off. Node's shortest timer puts the process to sleep for 1 ms and wakes it again. */
function begin(milliseconds: number, work: () => void): () => void {
  if (milliseconds <= 0) {
    const immediate = setImmediate(work);
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(work, milliseconds);
  return () => clearTimeout(timer);
}
