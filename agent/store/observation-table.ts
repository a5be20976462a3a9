import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { Instant } from '../../core/instant.ts';
import { type Observation, observationSchema } from '../../core/rollout/evidence/observation.ts';

/** Rows one answer holds at most, and as many are remembered as they were read. */
export const PAGE_SIZE = 1_000;

/** What was seen of the traffic, in order. */
export type ObservationTable = {
  /** Appends one observation; its number, and whose it is, are given here. `rollout` is empty outside of one. */
  readonly addObservation: (
    model: string,
    rollout: string,
    observation: Omit<Observation, 'seq' | 'hostId'>,
  ) => void;
  /** Observations after `seq`, oldest first, at most a page; of one rollout, or of all when it is `undefined`. */
  readonly observations: (
    model: string,
    rollout: string | undefined,
    after: number,
  ) => readonly Observation[];
  /** Those after `seq` of all rollouts that were made at that instant or later, oldest first, at most a page. */
  readonly observationsSince: (model: string, since: Instant, after: number) => readonly Observation[];
};

const observationRow = z.object({ seq: z.number(), body: z.string() });

/** The observations of an open database. */
export function createObservationTable(database: DatabaseSync, hostId: string): ObservationTable {
  const add = database.prepare('INSERT INTO observation (model, rollout, at, body) VALUES (?, ?, ?, ?)');
  const ofAll = database.prepare(
    'SELECT seq, body FROM observation WHERE model = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const ofOne = database.prepare(
    'SELECT seq, body FROM observation WHERE model = ? AND rollout = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const reader = createReader(hostId);
  const ofLate = database.prepare(
    'SELECT seq, body FROM observation WHERE model = ? AND at >= ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  return {
    addObservation: (model, rollout, observation) => {
      const body = JSON.stringify(observation);
      const { lastInsertRowid } = add.run(model, rollout, observation.at, body);
      const seq = Number(lastInsertRowid);
      reader.learn({ seq, body }, { ...observation, seq, hostId });
    },
    observations: (model, rollout, after) => {
      const rows =
        rollout === undefined
          ? ofAll.all(model, after, PAGE_SIZE)
          : ofOne.all(model, rollout, after, PAGE_SIZE);
      return rows.map(reader.read);
    },
    observationsSince: (model, since, after) => ofLate.all(model, since, after, PAGE_SIZE).map(reader.read),
  };
}

type Row = z.infer<typeof observationRow>;

/** Reads rows, each once, and none that this process wrote: the judge of this host and the job that asks for them read the same ones. */
function createReader(hostId: string) {
  const known = new Map<string, Observation>();
  // A number that is given anew, after what had it was undone, has another body.
  const keyOf = ({ seq, body }: Row) => `${seq} ${body}`;
  const learn = (row: Row, observation: Observation) => {
    if (known.size >= PAGE_SIZE) known.clear();
    known.set(keyOf(row), observation);
  };
  return {
    learn,
    read: (given: unknown): Observation => {
      const row = observationRow.parse(given);
      const found = known.get(keyOf(row));
      if (found !== undefined) return found;
      const stored: object = JSON.parse(row.body);
      const observation = observationSchema.parse({ ...stored, seq: row.seq, hostId });
      learn(row, observation);
      return observation;
    },
  };
}
