import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type CaptureWindow, captureWindowSchema } from '../../core/drift/window.ts';
import { instantSchema } from '../../core/instant.ts';
import { inTransaction } from './database.ts';

/** Rows one answer holds at most. */
const PAGE_SIZE = 1_000;

/** A window before it is stored: its number, and whose it is, are given here. */
type Unstored = Omit<CaptureWindow, 'seq' | 'hostId'>;

/** Which stretch of time a window covers. */
export type WindowSpan = { readonly seq: number; readonly from: string; readonly to: string };

/**
 * Capture windows in the agent's database. A window of many features takes a millisecond to read as what it is, and there are
 * hundreds: those that are many are given as JSON texts, for whoever reads them piece by piece or only passes them on.
 */
export type WindowTable = {
  readonly add: (window: Unstored) => void;
  /** Windows after `seq`, oldest first, at most a page. */
  readonly after: (model: string, seq: number) => readonly string[];
  /** Every kept window of one version, oldest first. */
  readonly ofVersion: (model: string, version: string) => readonly string[];
  /** What was answered in every kept window of one version, oldest first. */
  readonly answers: (model: string, version: string) => readonly Pick<CaptureWindow, 'from' | 'prediction'>[];
  readonly newest: (model: string) => CaptureWindow | undefined;
  /** Versions that there are windows of. */
  readonly versions: () => readonly Pick<CaptureWindow, 'model' | 'version'>[];
  /** The number of the newest window of one version in which it answered. */
  readonly lastAnswered: (model: string, version: string) => number | undefined;
  readonly spans: (model: string, version: string, endedBy: string) => readonly WindowSpan[];
  /** Puts one window in the place of several, under the number of the last. */
  readonly replace: (spans: readonly WindowSpan[], window: Unstored) => void;
  /** When the newest of one version ended. */
  readonly endedLast: (version: Pick<CaptureWindow, 'model' | 'version'>) => string;
  /** Deletes those of one version that ended before an instant, but for the newest `keep` of them. */
  readonly forget: (
    version: Pick<CaptureWindow, 'model' | 'version'>,
    old: { readonly before: string; readonly keep: number },
  ) => void;
  readonly bySeq: (seq: number) => CaptureWindow | undefined;
};

const textRow = z.object({ seq: z.number(), body: z.string() });
const answersRow = z.object({ from: instantSchema, prediction: z.string() });
const versionRow = captureWindowSchema.pick({ model: true, version: true });
const spanRow = z.object({ seq: z.number(), from: z.string(), to: z.string() });

/** The table of the host of this id. */
export function createWindowTable(database: DatabaseSync, hostId: string): WindowTable {
  const add = database.prepare('INSERT INTO window (model, version, at, body) VALUES (?, ?, ?, ?)');
  const after = database.prepare(
    'SELECT seq, body FROM window WHERE model = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const all = database.prepare('SELECT seq, body FROM window WHERE model = ? AND version = ? ORDER BY seq');
  const answers = database.prepare(
    `SELECT json_extract(body, '$.from') AS "from", json_extract(body, '$.prediction') AS prediction
     FROM window WHERE model = ? AND version = ? ORDER BY seq`,
  );
  const newest = database.prepare('SELECT seq, body FROM window WHERE model = ? ORDER BY seq DESC LIMIT 1');
  const versions = database.prepare('SELECT DISTINCT model, version FROM window');
  const spans = database.prepare(
    `SELECT seq, json_extract(body, '$.from') AS "from", at AS "to"
     FROM window WHERE model = ? AND version = ? AND at <= ? ORDER BY seq`,
  );
  const lastAnswered = database.prepare(
    `SELECT seq FROM window WHERE model = ? AND version = ? AND json_extract(body, '$.n') > 0 ORDER BY seq DESC LIMIT 1`,
  );
  const endedLast = database.prepare('SELECT MAX(at) AS at FROM window WHERE model = ? AND version = ?');
  const forget = database.prepare(
    `DELETE FROM window WHERE seq IN
     (SELECT seq FROM window WHERE model = ? AND version = ? AND at < ? ORDER BY seq DESC LIMIT -1 OFFSET ?)`,
  );
  const bySeq = database.prepare('SELECT seq, body FROM window WHERE seq = ?');
  const remove = database.prepare('DELETE FROM window WHERE seq = ?');
  const change = database.prepare('UPDATE window SET body = ? WHERE seq = ?');
  const toText = (row: unknown) => {
    const { seq, body } = textRow.parse(row);
    return `{"seq":${seq},"hostId":"${hostId}",${body.slice(1)}`;
  };
  const toWindow = (row: unknown) =>
    row === undefined ? undefined : captureWindowSchema.parse(JSON.parse(toText(row)));
  return {
    add: (window) => void add.run(window.model, window.version, window.to, JSON.stringify(window)),
    after: (model, seq) => after.all(model, seq, PAGE_SIZE).map(toText),
    ofVersion: (model, version) => all.all(model, version).map(toText),
    answers: (model, version) =>
      answers.all(model, version).map((row) => {
        const { from, prediction } = answersRow.parse(row);
        return { from, prediction: captureWindowSchema.shape.prediction.parse(JSON.parse(prediction)) };
      }),
    newest: (model) => toWindow(newest.get(model)),
    versions: () => versions.all().map((row) => versionRow.parse(row)),
    lastAnswered: (model, version) => {
      const row = lastAnswered.get(model, version);
      return row === undefined ? undefined : Number(row['seq']);
    },
    spans: (model, version, endedBy) =>
      spans.all(model, version, endedBy).map((row) => spanRow.parse({ ...row })),
    endedLast: ({ model, version }) => String(endedLast.get(model, version)?.['at'] ?? ''),
    forget: ({ model, version }, { before, keep }) => void forget.run(model, version, before, keep),
    bySeq: (seq) => toWindow(bySeq.get(seq)),
    replace: (folded, window) =>
      inTransaction(database, () => {
        for (const { seq } of folded.slice(0, -1)) remove.run(seq);
        change.run(JSON.stringify(window), folded.at(-1)?.seq ?? 0);
      }),
  };
}
