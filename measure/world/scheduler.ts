/** Whoever does something in the world: an agent's process, a job, GitHub. What is dead never goes on. */
export type Actor = { readonly name: string; isAlive: boolean };

/** Owns time: it stands still while anything runs, and then goes on to the next thing that is due. */
export type Scheduler = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds since the world began. */
  readonly elapsed: () => number;
  /** Runs `work` so many ms from now, unless the actor is dead by then. Gives how to call it off. */
  readonly after: (ms: number, actor: Actor, work: () => void) => () => void;
  /** Resolves after so many ms, never for a dead actor; rejects as soon as `signal` aborts. */
  readonly sleep: (ms: number, actor: Actor, signal?: AbortSignal) => Promise<void>;
  /** Lets everything else that is ready go first, and the next thing that is due. */
  readonly breathe: () => Promise<void>;
  /** Goes on until nothing is due before `untilMs` (elapsed) or `check` is false; `check` is asked after every step. */
  readonly run: (untilMs: number, check: () => boolean) => Promise<void>;
  /** How many things have happened. */
  readonly steps: () => number;
};

type Due = {
  readonly at: number;
  readonly order: number;
  readonly actor: Actor;
  work: (() => void) | undefined;
};

/** The world begins at this moment. */
export const BEGINNING_MS = Date.UTC(2026, 0, 5, 8);

/**
 * Lets everything that is ready to go on run until it waits for time, and then these, one after the other: Node goes on with what is to come
 * next once no promise is left that time has no hand in. A turn of its event loop would cost more than most steps do.
 */
const settle = (breathing: (() => void)[]): Promise<void> =>
  new Promise((resolve) => {
    const goOn = () => {
      const first = breathing.shift();
      if (first === undefined) return resolve();
      first();
      // Behind what it goes on with.
      queueMicrotask(() => process.nextTick(goOn));
    };
    process.nextTick(goOn);
  });

/** Lets this process hear what it is told from outside. */
const hear = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A scheduler at the beginning. Things due at one moment happen in the order they were asked for. */
export function createScheduler(): Scheduler {
  const queue: Due[] = [];
  let breathing: (() => void)[] = [];
  let elapsed = 0;
  let order = 0;
  let steps = 0;
  const after: Scheduler['after'] = (ms, actor, work) => {
    order += 1;
    const due: Due = { at: elapsed + Math.max(0, ms), order, actor, work };
    push(queue, due);
    return () => {
      due.work = undefined;
    };
  };
  return {
    now: () => BEGINNING_MS + elapsed,
    elapsed: () => elapsed,
    steps: () => steps,
    after,
    sleep: (ms, actor, signal) =>
      new Promise((resolve, reject) => {
        if (!actor.isAlive) return;
        if (signal?.aborted === true) return reject(signal.reason);
        const abort = () => {
          callOff();
          if (actor.isAlive) reject(signal?.reason);
        };
        signal?.addEventListener('abort', abort, { once: true });
        const callOff = after(ms, actor, () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        });
      }),
    breathe: () =>
      new Promise((resolve) => {
        breathing.push(resolve);
      }),
    run: async (untilMs, check) => {
      await hear();
      for (let due = queue[0]; due !== undefined && due.at <= untilMs; due = queue[0]) {
        pop(queue);
        if (!due.actor.isAlive || due.work === undefined) continue;
        elapsed = due.at;
        steps += 1;
        due.work();
        const before = breathing;
        breathing = [];
        await settle(before);
        if (!check()) return;
      }
    },
  };
}

function isSooner(left: Due, right: Due): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

/** A binary heap: the soonest is the first. */
function push(heap: Due[], due: Due): void {
  let index = heap.push(due) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isSooner(due, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    let below = heap[child];
    const right = heap[child + 1];
    if (below !== undefined && right !== undefined && isSooner(right, below)) {
      child += 1;
      below = right;
    }
    if (below === undefined || !isSooner(below, last)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}
