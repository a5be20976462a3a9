import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type LabelCount, labelCountSchema } from '../../core/drift/labels/build-cohorts.ts';
import { inTransaction } from './database.ts';

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
  /** Joined labels of a version by day and bin, oldest first. */
  readonly counts: (model: string, version: string) => readonly LabelCount[];
  /** Seconds from prediction to label that this share of the joined labels of a version stays within; 0 when there are none. */
  readonly delay: (model: string, version: string, quantile: number) => number;
};

const modelRow = z.object({ model: z.string() });
const waitingRow = z.object({ number: z.number(), id: z.string(), label: z.string(), at: z.string() });
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
  const counts = database.prepare(
    `SELECT substr(predicted_at, 1, 10) AS day, bin, COUNT(*) AS labelled, SUM(correct) AS correct
     FROM label WHERE model = ? AND version = ? GROUP BY day, bin ORDER BY day, bin`,
  );
  const delays = database.prepare(
    `SELECT (julianday(at) - julianday(predicted_at)) * 86400 AS seconds
     FROM label WHERE model = ? AND version = ? ORDER BY seconds LIMIT 1
     OFFSET (SELECT CAST(COUNT(*) * ? AS INTEGER) FROM label WHERE model = ? AND version = ?)`,
  );
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
    counts: (model, version) => counts.all(model, version).map((row) => labelCountSchema.parse({ ...row })),
    delay: (model, version, quantile) => {
      const row = delays.get(model, version, quantile, model, version);
      return row === undefined ? 0 : Math.max(0, delayRow.parse(row).seconds);
    },
  };
}
