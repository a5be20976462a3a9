/** How many there are of each key now. A key of which there are none takes no room. */
type Counter = {
  readonly count: (key: string) => number;
  readonly enter: (key: string) => void;
  readonly leave: (key: string) => void;
};

/** None of any key. */
export function createCounter(): Counter {
  const counts = new Map<string, number>();
  const count = (key: string) => counts.get(key) ?? 0;
  return {
    count,
    enter: (key) => void counts.set(key, count(key) + 1),
    leave: (key) => {
      if (count(key) > 1) counts.set(key, count(key) - 1);
      else counts.delete(key);
    },
  };
}
