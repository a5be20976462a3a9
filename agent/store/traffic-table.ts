import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { cacheUntilWritten } from './cache-until-written.ts';
import { openHeldTraffic } from './held/held-traffic.ts';
import { type StoredTraffic, storedTrafficSchema } from './stored-traffic.ts';

/** How requests are shared out, by model. */
export type TrafficTable = {
  readonly traffic: () => Readonly<Record<string, StoredTraffic>>;
  readonly getTraffic: (model: string) => StoredTraffic | undefined;
  readonly putTraffic: (model: string, traffic: StoredTraffic) => void;
  readonly deleteTraffic: (model: string) => void;
  /** Lets traffic count that could not be written, until that or a later one is. Gives why the next process won't know of it, if so. */
  readonly holdTraffic: (model: string, traffic: StoredTraffic) => string | undefined;
  /** Traffic that counts and is not written. */
  readonly heldTraffic: (model: string) => StoredTraffic | undefined;
};

const trafficRow = z.object({ model: z.string(), body: z.string() });

/** The traffic in the agent's database, and what is held in a file beside it. What was read is read anew after `forgetTraffic`: what was written since is undone. */
export function createTrafficTable(
  database: DatabaseSync,
  heldFile: string,
): TrafficTable & { readonly forgetTraffic: () => void } {
  const { get, clear } = cacheUntilWritten(() => readTraffic(database));
  const put = database.prepare('INSERT OR REPLACE INTO traffic (model, revision, body) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM traffic WHERE model = ?');
  const written = (model: string) => (Object.hasOwn(get(), model) ? get()[model] : undefined);
  const held = openHeldTraffic(heldFile, written);
  return {
    traffic: () =>
      held.size() === 0
        ? get()
        : Object.fromEntries(Object.entries(get()).map(([model, row]) => [model, held.get(model) ?? row])),
    getTraffic: (model) => held.get(model) ?? written(model),
    putTraffic: (model, stored) => {
      clear();
      put.run(model, stored.traffic.revision, JSON.stringify(stored));
    },
    deleteTraffic: (model) => {
      clear();
      remove.run(model);
    },
    holdTraffic: held.hold,
    heldTraffic: held.get,
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
