import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { addSeconds, instantSchema, isInstant, secondsBetween } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { captureFolder } from '../instances/launch.ts';
import type { JoinedLabel } from '../store/label-table.ts';
import { listPredictionLogs } from './read-version.ts';

/** The logs are read at most this often, in s: labels come in batches, and a prediction is logged before its label is known. */
const READ_EVERY_SECONDS = 60;
/** A label whose prediction was not found for so long is given up, in s: it was answered elsewhere, or its log is gone. */
const GIVE_UP_SECONDS = 3_600;

const lastReadSchema = z.object({ at: instantSchema });

/**
 * Finds the predictions that waiting labels belong to in the handlers' logs. Predictions without a label cost nothing: nothing
 * is kept of them but the log lines.
 */
export async function joinLabels(context: AgentContext): Promise<void> {
  const { store, clock } = context;
  const now = clock.now();
  const models = new Set(store.instances().map(({ model }) => model));
  for (const model of models) {
    const key = `labels-read/${model}`;
    const last = store.getMemory(key, lastReadSchema);
    if (last !== undefined && secondsBetween(last.at, now) < READ_EVERY_SECONDS) continue;
    const waiting = store.labels.unjoined(model, addSeconds(now, -GIVE_UP_SECONDS));
    if (waiting.size === 0) continue;
    const found = await findPredictions(context, model, waiting);
    store.transaction(() => {
      store.labels.join(model, found);
      store.putMemory(key, { at: now });
    });
  }
}

async function findPredictions(
  { store, options }: AgentContext,
  model: string,
  waiting: ReadonlyMap<string, string>,
): Promise<readonly JoinedLabel[]> {
  const found: JoinedLabel[] = [];
  for (const { version } of store.instances().filter((instance) => instance.model === model)) {
    for (const file of listPredictionLogs(captureFolder(options.dataDir, model, version))) {
      const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
      for await (const line of lines) {
        const [id = '', predictedAt = '', prediction = '', bin = ''] = line.split('\t');
        const label = waiting.get(id);
        if (label === undefined || bin === '' || !isInstant(predictedAt)) continue;
        found.push({ id, version, predictedAt, bin: Number(bin), correct: isSame(label, prediction) });
      }
    }
  }
  return found;
}

/** Class names as texts, or numbers however they are written: `3` and `3.0` are the same class. */
function isSame(label: string, prediction: string): boolean {
  return label === prediction || (label.trim() !== '' && Number(label) === Number(prediction));
}
