import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { epochMs, type Instant, toInstant } from '../../core/instant.ts';
import {
  type ArmCounts,
  armCountsSchema,
  type Observation,
  observationSchema,
} from '../../core/rollout/evidence/observation.ts';
import { countedPollSchema } from '../../core/serving/screen/history.ts';

/** Rows one answer holds at most, and as many are remembered as they were read. */
export const PAGE_SIZE = 1_000;
/** Rows read in one go where nobody is to wait for it: a few ms of work. */
const PIECE = 25;

/** Rows of other models that are passed by in one go. */
const REACH = 500;

/** What was seen of the stable version alone. */
type SeenOfStable = Pick<Observation, 'seq' | 'at'> & { readonly stable: ArmCounts };

/** What was seen of the traffic, in order. */
export type ObservationTable = {
  /** Appends one observation; its number, and whose it is, are given here. `rollout` is empty outside of one. */
  readonly addObservation: (
    model: string,
    rollout: string,
    observation: Omit<Observation, 'seq' | 'hostId'>,
  ) => void;
  /** Observations after `seq`, oldest first, at most `most` of them, a page unless told; of one rollout, or of all when it is `undefined`. */
  readonly observations: (
    model: string,
    rollout: string | undefined,
    after: number,
    most?: number,
  ) => readonly Observation[];
  /** The same as JSON texts, for whoever only passes them on; with an instant those of all rollouts that were made then or later. */
  readonly observationTexts: (model: string, asked: AskedFor) => readonly string[];
  /** The number after which all lie that were made at an instant or later; `undefined` where there are none. */
  readonly numberBefore: (model: string, since: Instant) => number | undefined;
  /** A few polls after a number, in the order they were written in, and the number that all up to it are told by; `undefined` at the end. */
  readonly pollsAfter: (model: string, after: number) => PollPiece | undefined;
  /** A few that were made at that instant after this one, or later, oldest first. */
  readonly stableAfter: (model: string, last: Pick<Observation, 'at' | 'seq'>) => readonly SeenOfStable[];
};

/** A few polls, each with its rollout, and up to which number they are all there are. */
type PollPiece = {
  readonly polls: readonly (z.infer<typeof countedPollSchema> & { readonly rollout: string })[];
  readonly upTo: number;
};

/** Which observations: after a number, of one rollout or since an instant. */
type AskedFor = {
  readonly after: number;
  readonly rollout?: string | undefined;
  readonly since?: Instant | undefined;
  readonly most?: number | undefined;
};

const observationRow = z.object({ seq: z.number(), body: z.string() });
const rolloutRow = z.object({ seq: z.number(), rollout: z.string(), body: z.string() });
const numberRow = z.object({ seq: z.number().nullable() });
const placedRow = z.object({ seq: z.number(), at: observationSchema.shape.at, body: z.string() });
const stableBody = z.object({ stable: armCountsSchema });

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
  const ofFew = database.prepare(
    'SELECT seq, at, body FROM observation WHERE model = ? AND (at, seq) > (?, ?) ORDER BY at, seq LIMIT ?',
  );
  const first = database.prepare('SELECT MIN(seq) AS seq FROM observation WHERE model = ? AND at >= ?');
  const newest = database.prepare('SELECT MAX(seq) AS seq FROM observation');
  // Not by an index of the model: rows are passed by in their order, however many there are.
  const ofNext = database.prepare(
    'SELECT seq, rollout, body FROM observation WHERE +model = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
  );
  const rowsOf = (model: string, { after, rollout, since, most = PAGE_SIZE }: AskedFor) => {
    if (since !== undefined) return ofLate.all(model, inMs(since), after, most);
    if (rollout !== undefined) return ofOne.all(model, rollout, after, most);
    return ofAll.all(model, after, most);
  };
  return {
    addObservation: (model, rollout, observation) => {
      const body = JSON.stringify(observation);
      const seq = Number(add.run(model, rollout, observation.at, body).lastInsertRowid);
      reader.learn({ seq, body }, { ...observation, seq, hostId });
    },
    observations: (model, rollout, after, most) => rowsOf(model, { rollout, after, most }).map(reader.read),
    observationTexts: (model, asked) =>
      rowsOf(model, asked).map((row) => {
        const { seq, body } = observationRow.parse(row);
        return `{"seq":${seq},"hostId":"${hostId}",${body.slice(1)}`;
      }),
    numberBefore: (model, since) => {
      const { seq } = numberRow.parse(first.get(model, inMs(since)));
      return seq === null ? undefined : seq - 1;
    },
    pollsAfter: (model, after) => {
      const end = numberRow.parse(newest.get()).seq ?? 0;
      if (after >= end) return undefined;
      const rows = ofNext.all(model, after, after + REACH, PIECE).map((row) => rolloutRow.parse(row));
      const last = rows.length === PIECE ? rows.at(-1)?.seq : undefined;
      return {
        polls: rows.map(({ rollout, body }) => ({ ...countedPollSchema.parse(JSON.parse(body)), rollout })),
        upTo: last ?? Math.min(end, after + REACH),
      };
    },
    stableAfter: (model, { at, seq }) =>
      ofFew.all(model, inMs(at), seq, PIECE).map((row) => {
        const { body, ...place } = placedRow.parse(row);
        const known = reader.find({ seq: place.seq, body });
        return { ...place, ...(known ? { stable: known.stable } : stableBody.parse(JSON.parse(body))) };
      }),
  };
}

/** As instants are written here: they are compared as texts. */
function inMs(since: Instant): Instant {
  return toInstant(epochMs(since));
}

type Row = z.infer<typeof observationRow>;

/** Reads rows, each once, and none that this process wrote: the judge of this host and the job that asks for them read the same ones. */
function createReader(hostId: string) {
  const known = new Map<number, { readonly body: string; readonly observation: Observation }>();
  const learn = ({ seq, body }: Row, observation: Observation) => {
    if (known.size >= PAGE_SIZE) known.clear();
    known.set(seq, { body, observation });
  };
  const find = ({ seq, body }: Row): Observation | undefined => {
    const found = known.get(seq);
    // A number that is given anew, after what had it was undone, has another body.
    return found?.body === body ? found.observation : undefined;
  };
  return {
    learn,
    find,
    read: (given: unknown): Observation => {
      const row = observationRow.parse(given);
      const found = find(row);
      if (found !== undefined) return found;
      const stored: object = JSON.parse(row.body);
      const observation = observationSchema.parse({ ...stored, seq: row.seq, hostId });
      learn(row, observation);
      return observation;
    },
  };
}
