/** The last line of a Python traceback, and the user's own line that led to it. */
type Traceback = {
  readonly message: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** Whether the program said nothing after it: else it may have caught what it shows, and have ended of something else. */
  readonly isLast: boolean;
};

const FRAME = /^\s*File "(?<file>[^"]+)", line (?<line>\d+)/;
const ERROR = /^(?<message>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)?(?:: .*)?)$/;

/** As Python's faulthandler begins, for what ends it in C code: a stack follows, innermost first. */
const CRASH = /^(?<message>Fatal Python error: .*)$/;

/** What MLflow says around a step: that it begins, that it failed, and where its run is shown. */
const OF_MLFLOW =
  /^(?:[\d/]+ [\d:]+ )?(?:(?:DEBUG|INFO|WARNING) mlflow\.(?:cli|projects)\b|ERROR mlflow\.cli: === Run\b)|^\S+ View (?:run .*|experiment) at: https?:/;

/** The same of the programs that follow a job at a remote engine. */
const OF_ENGINE = /^(?:srun: |[\d-]+ [\d:,]+\s+[A-Z]+ (?:cli|sdk|job_manager)\.py:\d+ -- )/;

/** The last words of a program that left no traceback; `undefined` when it said nothing. What MLflow and engines say around it tells no cause. */
export function findLastWords(lines: readonly string[]): string | undefined {
  // A job that was never begun has the engine's words alone.
  return lines.findLast(isOwnWord) ?? lines.findLast((line) => OF_ENGINE.test(line));
}

function isOwnWord(line: string): boolean {
  return line.trim() !== '' && !OF_MLFLOW.test(line) && !OF_ENGINE.test(line);
}

/**
 * Reads the last traceback in a program's output: its final message, and the innermost frame that lies below `root` (the
 * user's code rather than a library's). `undefined` when there is no traceback.
 */
export function findTraceback(lines: readonly string[], root: string): Traceback | undefined {
  const crash = lines.findLastIndex((line) => CRASH.test(line));
  const start = lines.findLastIndex((line) => line.trim().startsWith('Traceback (most recent call last)'));
  if (crash > start) return readCrash(lines.slice(crash), root);
  if (start === -1) return undefined;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^\S/.test(line) && ERROR.test(line));
  const message = end === -1 ? 'it failed without a message' : (rest[end] ?? '');
  const frames = readFrames(rest.slice(0, end === -1 ? rest.length : end));
  const own = frames.findLast(({ file }) => isOwn(file, root));
  const isLast = end !== -1 && !rest.slice(end + 1).some(isOwnWord);
  return { message, file: own && relativeTo(own.file, root), line: own?.line, isLast };
}

function readCrash([message = '', ...stack]: readonly string[], root: string): Traceback {
  const own = readFrames(stack).find(({ file }) => isOwn(file, root));
  return { message, file: own && relativeTo(own.file, root), line: own?.line, isLast: true };
}

/** The frames that these lines name, in their order; lines of source between them name none. */
function readFrames(lines: readonly string[]): readonly { readonly file: string; readonly line: number }[] {
  return lines.flatMap((line) => {
    const { file, line: number } = FRAME.exec(line)?.groups ?? {};
    return file === undefined ? [] : [{ file, line: Number(number) }];
  });
}

function isOwn(file: string, root: string): boolean {
  const relative = relativeTo(file, root);
  return !relative.startsWith('/') && !relative.startsWith('<') && !relative.includes('site-packages/');
}

function relativeTo(file: string, root: string): string {
  return file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file;
}
