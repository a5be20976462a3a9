import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
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
  /** What counts in the place of this row. */
  readonly over: (model: string, row: StoredTraffic | undefined) => StoredTraffic | undefined;
  /** Gives whether the next process will know of it: not where no room was kept for the file. */
  readonly hold: (model: string, row: StoredTraffic, stored: StoredTraffic) => boolean;
};

/** What this process holds, and those before it did: in a file with room of its own, since a full disk is why it is held. */
export function openHeldTraffic(
  file: string,
  rows: () => Readonly<Record<string, StoredTraffic>>,
): HeldTraffic {
  const known: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const held = new Map(Object.entries(fileSchema.parse(known)));
  const over: HeldTraffic['over'] = (model, row) => {
    const one = held.get(model);
    const isOver = one?.over.revision === row?.traffic.revision && one?.over.setAt === row?.setAt;
    return isOver ? one?.stored : undefined;
  };
  const write = (): boolean => {
    for (const model of [...held.keys()]) if (over(model, rows()[model]) === undefined) held.delete(model);
    try {
      writeAtomically(file, JSON.stringify(Object.fromEntries(held)), { spareBytes: SPARE_BYTES });
      return true;
    } catch {
      return false;
    }
  };
  write();
  return {
    size: () => held.size,
    over,
    hold: (model, { traffic: { revision }, setAt }, stored) => {
      held.set(model, { over: { revision, setAt }, stored });
      return write();
    },
  };
}
