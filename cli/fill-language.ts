/**
 * What this house takes from the language and Node 20 lacks: jobs and hosts run Node 24, and a laptop may have an older one. To be
 * imported before everything else.
 */
Map.groupBy ??= <K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
};

Promise.withResolvers ??= function withResolvers<T>() {
  let resolve: (value: T | PromiseLike<T>) => void = () => undefined;
  let reject: (reason?: unknown) => void = () => undefined;
  const promise = new Promise<T>((take, refuse) => {
    resolve = take;
    reject = refuse;
  });
  return { promise, resolve, reject };
};

Set.prototype.difference ??= function difference<T, U>(this: Set<T>, other: ReadonlySetLike<U>): Set<T> {
  // The boundary to an untyped set: what is asked for is one of ours, whatever type the other has.
  const has = (item: unknown) => other.has(item as U);
  return new Set([...this].filter((item) => !has(item)));
};
