import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type LabelCount, labelCountSchema } from '../../core/drift/build-cohorts.ts';
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

export type LabelTable = {
  /** Adds labels by prediction id, leaving out ids that have one. Gives how many were new. */
  readonly add: (
    model: string,
    at: string,
    labels: readonly { readonly id: string; readonly label: string | number }[],
  ) => number;
  /** Labels that came since this instant and have no prediction yet, as text, by id; at most a page. */
  readonly unjoined: (model: string, since: string) => ReadonlyMap<string, string>;
  readonly join: (model: string, labels: readonly JoinedLabel[]) => void;
  /** Joined labels of a version by day and bin, oldest first. */
  readonly counts: (model: string, version: string) => readonly LabelCount[];
  /** Seconds from prediction to label that this share of the joined labels of a version stays within; 0 when there are none. */
  readonly delay: (model: string, version: string, quantile: number) => number;
};

const PAGE = 10_000;
const labelRow = z.object({ id: z.string(), label: z.string() });
const delayRow = z.object({ seconds: z.number() });

/** Late labels in the agent's database. */
export function createLabelTable(database: DatabaseSync): LabelTable {
  const add = database.prepare('INSERT OR IGNORE INTO label (model, id, at, label) VALUES (?, ?, ?, ?)');
  const unjoined = database.prepare(
    'SELECT id, label FROM label WHERE model = ? AND at >= ? AND version IS NULL LIMIT ?',
  );
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
    unjoined: (model, since) =>
      new Map(
        unjoined.all(model, since, PAGE).map((row) => {
          const { id, label } = labelRow.parse(row);
          return [id, label];
        }),
      ),
    join: (model, labels) => {
      for (const { id, version, predictedAt, bin, correct } of labels) {
        join.run(version, predictedAt, bin, Number(correct), model, id);
      }
    },
    counts: (model, version) => counts.all(model, version).map((row) => labelCountSchema.parse({ ...row })),
    delay: (model, version, quantile) => {
      const row = delays.get(model, version, quantile, model, version);
      return row === undefined ? 0 : Math.max(0, delayRow.parse(row).seconds);
    },
  };
}
