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

/** What was answered in a window. */
export type WindowAnswers = Pick<CaptureWindow, 'from' | 'prediction'>;

/**
 * Capture windows in the agent's database. A window of many features takes a millisecond to read as what it is, and there are
 * hundreds: those that are many are listed by number, for whoever reads them a few at a time, and given as JSON texts, for whoever
 * only passes them on.
 */
export type WindowTable = {
  readonly add: (window: Unstored) => void;
  /** Numbers of the windows after `seq`, oldest first, at most a page. */
  readonly numbersAfter: (model: string, seq: number) => readonly number[];
  /** Numbers of every kept window of one version, oldest first. */
  readonly numbersOf: (model: string, version: string) => readonly number[];
  /** Those of these windows that are there still. */
  readonly texts: (seqs: readonly number[]) => readonly string[];
  /** What was answered in those of these windows that are there still. */
  readonly answers: (seqs: readonly number[]) => readonly WindowAnswers[];
  readonly newest: (model: string) => CaptureWindow | undefined;
  /** Versions that there are windows of. */
  readonly versions: () => readonly Pick<CaptureWindow, 'model' | 'version'>[];
  /** The number of the newest window of one version in which it answered. */
  readonly lastAnswered: (model: string, version: string) => number | undefined;
  /** Those of these windows that are there still and had ended by then. */
  readonly spans: (seqs: readonly number[], endedBy: string) => readonly WindowSpan[];
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

const numberRow = z.object({ seq: z.number() });
const textRow = z.object({ seq: z.number(), body: z.string() });
const answersRow = z.object({ from: instantSchema, prediction: z.string() });
const versionRow = captureWindowSchema.pick({ model: true, version: true });
const spanRow = z.object({ seq: z.number(), from: z.string(), to: z.string() });

/** The table of the host of this id. */
export function createWindowTable(database: DatabaseSync, hostId: string): WindowTable {
  const add = database.prepare('INSERT INTO window (model, version, at, body) VALUES (?, ?, ?, ?)');
  const numbersAfter = database.prepare(
    'SELECT seq FROM window WHERE model = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const numbersOf = database.prepare('SELECT seq FROM window WHERE model = ? AND version = ? ORDER BY seq');
  const answers = database.prepare(
    `SELECT json_extract(body, '$.from') AS "from", json_extract(body, '$.prediction') AS prediction
     FROM window WHERE seq = ?`,
  );
  const newest = database.prepare('SELECT seq, body FROM window WHERE model = ? ORDER BY seq DESC LIMIT 1');
  const versions = database.prepare('SELECT DISTINCT model, version FROM window');
  const spans = database.prepare(
    `SELECT seq, json_extract(body, '$.from') AS "from", at AS "to"
     FROM window WHERE seq = ? AND at <= ?`,
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
  const toNumber = (row: unknown) => numberRow.parse(row).seq;
  const toText = (row: unknown) => {
    const { seq, body } = textRow.parse(row);
    return `{"seq":${seq},"hostId":"${hostId}",${body.slice(1)}`;
  };
  const toWindow = (row: unknown) =>
    row === undefined ? undefined : captureWindowSchema.parse(JSON.parse(toText(row)));
  return {
    add: (window) => void add.run(window.model, window.version, window.to, JSON.stringify(window)),
    numbersAfter: (model, seq) => numbersAfter.all(model, seq, PAGE_SIZE).map(toNumber),
    numbersOf: (model, version) => numbersOf.all(model, version).map(toNumber),
    texts: (seqs) => seqs.flatMap((seq) => bySeq.all(seq).map(toText)),
    answers: (seqs) => seqs.flatMap((seq) => answers.all(seq).map(toAnswers)),
    newest: (model) => toWindow(newest.get(model)),
    versions: () => versions.all().map((row) => versionRow.parse(row)),
    lastAnswered: (model, version) => {
      const row = lastAnswered.get(model, version);
      return row === undefined ? undefined : Number(row['seq']);
    },
    spans: (seqs, endedBy) =>
      seqs.flatMap((seq) => spans.all(seq, endedBy).map((row) => spanRow.parse({ ...row }))),
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

function toAnswers(row: unknown): WindowAnswers {
  const { from, prediction } = answersRow.parse(row);
  return { from, prediction: captureWindowSchema.shape.prediction.parse(JSON.parse(prediction)) };
}
