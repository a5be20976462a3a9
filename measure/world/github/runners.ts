/** A lane that takes so many at a time; the others wait in the order they came. */
export type Runners = {
  /** Resolves with the way out, to be called once. */
  readonly enter: () => Promise<() => void>;
};

/** A lane of this width. */
export function createRunners(width: number): Runners {
  let inside = 0;
  const waiting: (() => void)[] = [];
  const leaveOnce = () => {
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    };
  };
  return {
    enter: () =>
      new Promise((resolve) => {
        const go = () => resolve(leaveOnce());
        if (inside >= width) {
          waiting.push(go);
          return;
        }
        inside += 1;
        go();
      }),
  };
}
