import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { cacheUntilWritten } from './cache-until-written.ts';
import { type StoredTraffic, storedTrafficSchema } from './stored-traffic.ts';

/** How requests are shared out, by model. */
export type TrafficTable = {
  readonly traffic: () => Readonly<Record<string, StoredTraffic>>;
  readonly getTraffic: (model: string) => StoredTraffic | undefined;
  readonly putTraffic: (model: string, traffic: StoredTraffic) => void;
  readonly deleteTraffic: (model: string) => void;
  /** Lets traffic count that could not be written: in this process, until that or a later one is. */
  readonly holdTraffic: (model: string, traffic: StoredTraffic) => void;
  /** Traffic that counts and is not written. */
  readonly heldTraffic: (model: string) => StoredTraffic | undefined;
};

const trafficRow = z.object({ model: z.string(), body: z.string() });

/** The traffic in the agent's database. What was read is read anew after `forgetTraffic`: what was written since is undone. */
export function createTrafficTable(
  database: DatabaseSync,
): TrafficTable & { readonly forgetTraffic: () => void } {
  const { get, clear } = cacheUntilWritten(() => readTraffic(database));
  const put = database.prepare('INSERT OR REPLACE INTO traffic (model, revision, body) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM traffic WHERE model = ?');
  const held = new Map<string, StoredTraffic>();
  const written = (model: string) => (Object.hasOwn(get(), model) ? get()[model] : undefined);
  const heldTraffic = (model: string) => {
    const [one, row] = [held.get(model), written(model)];
    return one !== undefined && row !== undefined && row.traffic.revision < one.traffic.revision
      ? one
      : undefined;
  };
  return {
    traffic: () =>
      held.size === 0
        ? get()
        : Object.fromEntries(Object.entries(get()).map(([model, row]) => [model, heldTraffic(model) ?? row])),
    getTraffic: (model) => heldTraffic(model) ?? written(model),
    putTraffic: (model, stored) => {
      clear();
      put.run(model, stored.traffic.revision, JSON.stringify(stored));
    },
    deleteTraffic: (model) => {
      clear();
      remove.run(model);
      held.delete(model);
    },
    holdTraffic: (model, stored) => void held.set(model, stored),
    heldTraffic,
    forgetTraffic: clear,
  };
}

function readTraffic(database: DatabaseSync): Readonly<Record<string, StoredTraffic>> {
  const rows = database.prepare('SELECT model, body FROM traffic ORDER BY model').all();
  return Object.fromEntries(
    rows.map((row) => {
      const { model, body } = trafficRow.parse(row);
      return [model, storedTrafficSchema.parse(JSON.parse(body))];
    }),
  );
}
