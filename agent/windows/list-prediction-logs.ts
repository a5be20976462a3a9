import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The logs of one version's workers, each with the one it was rotated from. A line is `id, time, answer, confidence bin`, separated
 * by tabs; `runtime/trainyard/prediction_log.py` writes them.
 */
export function listPredictionLogs(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => /^predictions-.*\.log(\.1)?$/.test(name));
    return names.map((name) => join(folder, name));
  } catch {
    return [];
  }
}
