import { constants, readFileSync } from 'node:fs';

/** A worker that could not load the model so often since the server started will not do so later. */
const MAX_LOAD_FAILURES = 2;
/** What TorchServe says each time a worker has ended before it served; the words about the model itself differ by how it failed. */
const RETRY = /WorkerThread - Retry worker: (?<worker>\d+) in/;

/** TorchServe's own summary of what its handler raised, and any Python error: the former may hide behind one of TorchServe's. */
const LOADER = /MODEL_LOG - Failed to load model .*?, exception (?<reason>.+)$/;
const PYTHON_ERROR = /MODEL_LOG - (?<reason>(?:\w+\.)*\w*(?:Error|Exception)\b.*)$/;

/** Why the workers can't load the model, from the file TorchServe logged this start to; `undefined` while that is not certain. */
export function findLoadFailure(logFile: string): string | undefined {
  return explainLoadFailure(readLines(logFile));
}

/** The same from the log's lines. */
export function explainLoadFailure(lines: readonly string[]): string | undefined {
  const workers = lines.flatMap((line) => RETRY.exec(line)?.groups?.['worker'] ?? []);
  const most = Math.max(
    0,
    ...Map.groupBy(workers, (worker) => worker)
      .values()
      .map((each) => each.length),
  );
  if (most < MAX_LOAD_FAILURES) return undefined;
  const reason = findLast(lines, LOADER) ?? findLast(lines, PYTHON_ERROR) ?? 'see its log';
  return `The model can't be loaded: ${reason}`;
}

function findLast(lines: readonly string[], pattern: RegExp): string | undefined {
  return pattern.exec(lines.findLast((line) => pattern.test(line)) ?? '')?.groups?.['reason'];
}

function readLines(file: string): readonly string[] {
  try {
    // What the model wrote may be a link to what only the agent may read, or a pipe on which a reader waits for ever.
    const flag = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    return readFileSync(file, { encoding: 'utf8', flag }).split('\n');
  } catch {
    return [];
  }
}
