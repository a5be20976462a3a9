import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../../../core/errors.ts';
import { instantSchema } from '../../../core/instant.ts';
import { writeAtomically } from '../../machine/write-atomically.ts';
import { type StoredTraffic, storedTrafficSchema } from '../stored-traffic.ts';

/** Traffic that could not be written, and the row of the database that it counts in the place of: not in that of any later one. */
const heldSchema = z.object({
  over: z.object({ revision: z.number(), setAt: instantSchema }),
  stored: storedTrafficSchema,
});
const fileSchema = z.record(z.string(), heldSchema);

/** Room that is kept for the file, in bytes: more than the traffic of a few dozen models has. */
const SPARE_BYTES = 65_536;

/** What is held, by model. */
type HeldTraffic = {
  readonly size: () => number;
  /** What counts in the place of a model's row. */
  readonly get: (model: string) => StoredTraffic | undefined;
  /** Gives why the next process won't know of it: where no room was kept for the file, say. `undefined` where it will. */
  readonly hold: (model: string, stored: StoredTraffic) => string | undefined;
};

/** What this process holds, and those before it did: in a file with room of its own, since a full disk is why it is held. */
export function openHeldTraffic(
  file: string,
  written: (model: string) => StoredTraffic | undefined,
): HeldTraffic {
  const known: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const held = new Map(Object.entries(fileSchema.parse(known)));
  const get: HeldTraffic['get'] = (model) => {
    const [one, row] = [held.get(model), written(model)];
    const isOver = one?.over.revision === row?.traffic.revision && one?.over.setAt === row?.setAt;
    return isOver ? one?.stored : undefined;
  };
  const write = (): string | undefined => {
    for (const model of [...held.keys()]) if (get(model) === undefined) held.delete(model);
    try {
      writeAtomically(file, JSON.stringify(Object.fromEntries(held)), { spareBytes: SPARE_BYTES });
      return undefined;
    } catch (thrown) {
      return messageOf(thrown);
    }
  };
  write();
  return {
    size: () => held.size,
    get,
    hold: (model, stored) => {
      const row = written(model);
      if (row === undefined) return 'its traffic was never written';
      held.set(model, { over: { revision: row.traffic.revision, setAt: row.setAt }, stored });
      return write();
    },
  };
}
