import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { isRight } from '../../core/drift/labels/late-label.ts';
import { addSeconds, instantSchema, isBefore, isInstant, secondsBetween } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { captureFolder } from '../instances/launch.ts';
import { breathe } from '../machine/breathe.ts';
import type { JoinedLabel, WaitingLabel } from '../store/label-table.ts';
import { listPredictionLogs, readProfile } from './read-version.ts';
import { noteUnknownLabels } from './unknown-labels.ts';

/** The logs are read at most this often, in s: labels come in batches, and a prediction is logged before its label is known. */
const READ_EVERY_SECONDS = 60;
/** A label whose prediction was not found for so long is given up, in s: it was answered elsewhere, or its log is gone. */
const GIVE_UP_SECONDS = 3_600;
/** Labels looked for at one reading of the logs; the next reading goes on behind them. */
const PAGE = 20_000;
/** Rows taken or written in one go. */
const PIECE = 1_000;

const lastReadSchema = z.object({ at: instantSchema, cursor: z.number().default(0) });

/**
 * Finds the predictions that waiting labels belong to in the handlers' logs. Predictions without a label cost nothing: nothing
 * is kept of them but the log lines. Each label has its turn, those that will never be found as well; none goes untried.
 */
export async function joinLabels(context: AgentContext): Promise<void> {
  const { store, clock } = context;
  for (const model of store.labels.waitingModels()) {
    const key = `labels-read/${model}`;
    const last = store.getMemory(key, lastReadSchema);
    if (last !== undefined && secondsBetween(last.at, clock.now()) < READ_EVERY_SECONDS) continue;
    const behind = await readPage(context, model, last?.cursor ?? 0);
    const page = behind.length === 0 ? await readPage(context, model, 0) : behind;
    const { joined, unknown } = await findPredictions(context, model, page);
    for (const piece of inPieces(joined)) {
      store.labels.join(model, piece);
      await breathe();
    }
    noteUnknownLabels(context, model, unknown.size);
    const before = addSeconds(clock.now(), -GIVE_UP_SECONDS);
    const found = new Set(joined.map(({ id }) => id));
    await giveUp(
      context,
      page.filter(({ id, at }) => unknown.has(id) || (!found.has(id) && isBefore(at, before))),
    );
    const cursor = page.length < PAGE ? 0 : (page.at(-1)?.number ?? 0);
    store.putMemory(key, { at: clock.now(), cursor });
  }
}

async function readPage(
  { store }: AgentContext,
  model: string,
  after: number,
): Promise<readonly WaitingLabel[]> {
  const page: WaitingLabel[] = [];
  for (let from = after; page.length < PAGE; ) {
    const piece = store.labels.waiting(model, from, PIECE);
    page.push(...piece);
    from = piece.at(-1)?.number ?? from;
    if (piece.length < PIECE) break;
    await breathe();
  }
  return page;
}

async function giveUp({ store }: AgentContext, lost: readonly WaitingLabel[]): Promise<void> {
  for (const piece of inPieces(lost)) {
    store.labels.giveUp(piece.map(({ number }) => number));
    await breathe();
  }
}

/** Labels that belong to a prediction, and ids of those that do and say nothing of it. */
type Found = { readonly joined: readonly JoinedLabel[]; readonly unknown: ReadonlySet<string> };

async function findPredictions(
  context: AgentContext,
  model: string,
  page: readonly WaitingLabel[],
): Promise<Found> {
  const { store, options } = context;
  const labels = new Map(page.map(({ id, label }) => [id, label]));
  const joined: JoinedLabel[] = [];
  const unknown = new Set<string>();
  if (labels.size === 0) return { joined, unknown };
  for (const { version } of store.instances().filter((instance) => instance.model === model)) {
    const prediction = readProfile(context, model, version)?.prediction;
    for (const file of listPredictionLogs(captureFolder(options.dataDir, model, version))) {
      const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
      for await (const line of lines) {
        const [id = '', predictedAt = '', answer = '', bin = ''] = line.split('\t');
        const label = labels.get(id);
        if (label === undefined || bin === '' || !isInstant(predictedAt)) continue;
        const correct = isRight(label, answer, prediction);
        if (correct === undefined) unknown.add(id);
        else joined.push({ id, version, predictedAt, bin: Number(bin), correct });
      }
    }
  }
  return { joined, unknown };
}

function* inPieces<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < rows.length; from += PIECE) yield rows.slice(from, from + PIECE);
}
