import type { Store } from '../../../agent/store/store.ts';

const WRITES = /^(put|add|delete|remove|transaction|prune|shift|join|delivered|postponed|expire)/;

/** The store of an agent whose disk may be full: then what writes throws, as SQLite does, and what reads goes on. */
export function refuseWrites(store: Store, isFull: () => boolean): Store {
  return guard(
    { ...store, outbox: guard(store.outbox, isFull), labels: guard(store.labels, isFull) },
    isFull,
  );
}

function guard<T extends object>(part: T, isFull: () => boolean): T {
  const guarded = { ...part };
  for (const [name, member] of Object.entries(part)) {
    if (typeof member !== 'function' || !WRITES.test(name)) continue;
    Object.assign(guarded, {
      [name]: (...args: readonly unknown[]) => {
        if (isFull()) throw new Error('database or disk is full');
        return Reflect.apply(member, part, args);
      },
    });
  }
  return guarded;
}
