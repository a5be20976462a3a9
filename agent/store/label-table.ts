import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type LabelCount, labelCountSchema } from '../../core/drift/labels/build-cohorts.ts';
import { inTransaction } from './database.ts';

/** Joined labels of one piece: a few ms of work. */
const PIECE = 1_000;

/** A label found to belong to a prediction. */
export type JoinedLabel = {
  readonly id: string;
  readonly version: string;
  /** When it was predicted. */
  readonly predictedAt: string;
  readonly bin: number;
  readonly correct: boolean;
};

/** A label whose prediction was not found yet. It was the `number`th that came, and came `at`. */
export type WaitingLabel = {
  readonly number: number;
  readonly id: string;
  readonly label: string;
  readonly at: string;
};

/** Which labels: those joined with predictions of a version. */
export type LabelSubject = { readonly model: string; readonly version: string };

/** A joined label by when its prediction was made, and among those of one instant by its number. */
type LabelPlace = { readonly predictedAt: string; readonly number: number };

/** Joined labels behind one place, up to and with another. */
export type LabelSpan = { readonly after: LabelPlace; readonly last: LabelPlace };

/** Late labels. There are up to a million that are joined: who reads them does so span by span. */
export type LabelTable = {
  /** Adds labels by prediction id, leaving out ids that have one. Gives how many were new. */
  readonly add: (
    model: string,
    at: string,
    labels: readonly { readonly id: string; readonly label: string | number }[],
  ) => number;
  /** Models that labels wait for. */
  readonly waitingModels: () => readonly string[];
  /** Labels without a prediction that came after the one of number `after`, in that order, at most `limit`. */
  readonly waiting: (model: string, after: number, limit: number) => readonly WaitingLabel[];
  /** Forgets labels by number; one of them that is sent again is a new one. */
  readonly giveUp: (numbers: readonly number[]) => void;
  readonly join: (model: string, labels: readonly JoinedLabel[]) => void;
  /** The last of the few joined labels that come behind a place; `undefined` where none does. */
  readonly lastOfPiece: (subject: LabelSubject, after: LabelPlace) => LabelPlace | undefined;
  /** Joined labels of a span by day and bin, oldest first. */
  readonly counts: (subject: LabelSubject, span: LabelSpan) => readonly LabelCount[];
  /** Seconds from prediction to label of a span's joined labels, of those that took longer than `above`. */
  readonly delays: (subject: LabelSubject, span: LabelSpan, above: number) => readonly number[];
};

const modelRow = z.object({ model: z.string() });
const waitingRow = z.object({ number: z.number(), id: z.string(), label: z.string(), at: z.string() });
const placeRow = z.object({ predictedAt: z.string(), number: z.number() });
const delayRow = z.object({ seconds: z.number() });

/** Late labels in the agent's database. */
export function createLabelTable(database: DatabaseSync): LabelTable {
  const add = database.prepare('INSERT OR IGNORE INTO label (model, id, at, label) VALUES (?, ?, ?, ?)');
  const models = database.prepare('SELECT DISTINCT model FROM label WHERE version IS NULL');
  const waiting = database.prepare(
    `SELECT rowid AS number, id, label, at FROM label
     WHERE model = ? AND version IS NULL AND rowid > ? ORDER BY rowid LIMIT ?`,
  );
  const forget = database.prepare('DELETE FROM label WHERE rowid = ?');
  const join = database.prepare(
    'UPDATE label SET version = ?, predicted_at = ?, bin = ?, correct = ? WHERE model = ? AND id = ?',
  );
  const lastOfPiece = database.prepare(
    `SELECT predicted_at AS predictedAt, number FROM
     (SELECT predicted_at, rowid AS number FROM label
      WHERE model = ? AND version = ? AND (predicted_at, rowid) > (?, ?) ORDER BY predicted_at, rowid LIMIT ${PIECE})
     ORDER BY predicted_at DESC, number DESC LIMIT 1`,
  );
  const ofSpan = `model = ? AND version = ? AND (predicted_at, rowid) > (?, ?) AND (predicted_at, rowid) <= (?, ?)`;
  const counts = database.prepare(
    `SELECT substr(predicted_at, 1, 10) AS day, bin, COUNT(*) AS labelled, SUM(correct) AS correct
     FROM label WHERE ${ofSpan} GROUP BY day, bin ORDER BY day, bin`,
  );
  const delays = database.prepare(
    `SELECT (julianday(at) - julianday(predicted_at)) * 86400 AS seconds FROM label WHERE ${ofSpan} AND seconds > ?`,
  );
  const spanOf = ({ model, version }: LabelSubject, { after, last }: LabelSpan) =>
    [model, version, after.predictedAt, after.number, last.predictedAt, last.number] as const;
  return {
    add: (model, at, labels) =>
      inTransaction(database, () =>
        labels.reduce((sum, { id, label }) => sum + Number(add.run(model, id, at, String(label)).changes), 0),
      ),
    waitingModels: () => models.all().map((row) => modelRow.parse(row).model),
    waiting: (model, after, limit) =>
      waiting.all(model, after, limit).map((row) => waitingRow.parse({ ...row })),
    giveUp: (numbers) =>
      inTransaction(database, () => {
        for (const number of numbers) forget.run(number);
      }),
    join: (model, labels) =>
      inTransaction(database, () => {
        for (const { id, version, predictedAt, bin, correct } of labels) {
          join.run(version, predictedAt, bin, Number(correct), model, id);
        }
      }),
    lastOfPiece: ({ model, version }, { predictedAt, number }) => {
      const row = lastOfPiece.get(model, version, predictedAt, number);
      return row === undefined ? undefined : placeRow.parse({ ...row });
    },
    counts: (subject, span) =>
      counts.all(...spanOf(subject, span)).map((row) => labelCountSchema.parse({ ...row })),
    delays: (subject, span, above) =>
      delays.all(...spanOf(subject, span), above).map((row) => delayRow.parse({ ...row }).seconds),
  };
}
