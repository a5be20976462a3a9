import type { DataSection } from '../../../core/config/config.ts';
import { type Problem, UserError } from '../../../core/errors.ts';
import type { Log } from '../../../core/ports.ts';
import type { CommandLine, RunLine } from '../../../core/shell-port.ts';
import { findLastWords, findTraceback } from './find-traceback.ts';

/** Has `data.fetch` bring what it brings, where there is such a command: once in a job, however often it is asked for. */
export type FetchData = (data: DataSection, signal?: AbortSignal) => Promise<void>;

/** Where the command runs, and how long it may at most. */
type FetchPlace = {
  readonly runner: 'gpu-runner' | 'control-runner';
  /** Whether it runs in the box of trainings. */
  readonly isBoxed: boolean;
  readonly mostSeconds: number;
};

type FetchOptions = FetchPlace & {
  readonly runLine: RunLine;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Rejects where the command at hand is nobody's to run. */
  readonly require?: () => Promise<void>;
};

type LineEnd = Awaited<ReturnType<RunLine>>;

/** How long fetching may take, in seconds. */
const FETCH_SECONDS = 2 * 3_600;
/** As shells report a program that they don't find, and what bash says of it. */
const NOT_FOUND_CODE = 127;
const NOT_FOUND = /(?<program>[^\s:]+): (?:command not found|No such file or directory)$/;
/** How programs begin the line that says why they give up, before lines that say where to read more. */
const WHY = /^(?:[\w./-]+: (?:line \d+: )?)?(?:fatal |unexpected )?(?:error|fatal)\b/i;
/** What is told of a command line: nobody needs all of a long one to know it again. */
const MOST_CHARACTERS = 80;

/** Runs `data.fetch` before data are read. Rejects with a UserError when it fails. */
export function createFetch(options: FetchOptions): FetchData {
  let fetched: Promise<void> | undefined;
  return async ({ fetch }, signal = options.signal) => {
    if (fetch === undefined) return;
    const { log, require } = options;
    const run = async () => {
      await require?.();
      await log.group('Fetching the data', () => fetchBy(options, fetch, signal));
    };
    fetched ??= run();
    await fetched;
  };
}

async function fetchBy(options: FetchOptions, line: string, signal: AbortSignal): Promise<void> {
  const { log, runLine, mostSeconds } = options;
  log.info(line);
  const asked: CommandLine = { line, timeoutSeconds: Math.min(FETCH_SECONDS, mostSeconds), signal };
  const end = await runLine(asked);
  if (end.status === 'succeeded') return;
  if (end.status === 'aborted') throw new DOMException('The job was cancelled.', 'AbortError');
  throw new UserError([describeFetchFailure(asked, end, options)]);
}

function describeFetchFailure(
  { line, timeoutSeconds }: CommandLine,
  { status, code, lines }: LineEnd,
  place: FetchPlace,
): Problem {
  const { runner } = place;
  const named = nameFetch(line);
  if (status === 'timed-out') {
    return {
      code: 'fetch-timed-out',
      message: `${named} ran longer than the ${timeoutSeconds} s it may take on the ${runner}, and was ended.`,
      remedy: `Have it fetch less, or keep a cache on the runner${timeoutSeconds < FETCH_SECONDS ? '; or raise box.timeout in trainyard.yml of the default branch' : ''}.`,
    };
  }
  const words = findWords(lines);
  const program = code === NOT_FOUND_CODE ? NOT_FOUND.exec(words)?.groups?.['program'] : undefined;
  if (program?.includes('/') && !program.startsWith('/') && line.includes(program)) {
    return {
      code: 'fetch-script-missing',
      message: `${named} runs ${program}, which is not there: ${sentence(words)}`,
      remedy: `Commit ${program} or have it made before, or correct its path in data.fetch.`,
    };
  }
  if (program !== undefined) {
    return {
      code: 'fetch-program-missing',
      message: `${named} needs ${program}, which the ${runner} has not: ${sentence(words)}`,
      remedy: `Install it there, in a folder on PATH${runner === 'gpu-runner' ? ' or beside the Python that the input `python` names' : ': the job that judges reads the holdout on that runner, and fetches it there too'}.`,
    };
  }
  return {
    code: 'fetch-failed',
    message: `${named} failed${code === undefined ? '' : ` with exit code ${code}`} on the ${runner}: ${sentence(words)}`,
    remedy: place.isBoxed
      ? 'Mend it and ask again; the whole output is in the log above. In the train job it runs in the box, whose home is empty: credentials come by variables and the files that these name (docs/runners.md).'
      : `Mend it and ask again; the whole output is in the log above. Run by hand in a clone on the ${runner}, as its user, it does the same.`,
  };
}

function nameFetch(line: string): string {
  const shown = line.trim().replaceAll(/\s+/g, ' ');
  const cut = shown.length > MOST_CHARACTERS ? `${shown.slice(0, MOST_CHARACTERS - 1)}…` : shown;
  return `data.fetch in trainyard.yml (\`${cut}\`)`;
}

/** The line that says why a program gave up. */
function findWords(lines: readonly string[]): string {
  const why = findTraceback(lines, '')?.message ?? lines.findLast((line) => WHY.test(line));
  return (why ?? findLastWords(lines) ?? 'it printed nothing').trim();
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Problems that data are not where they are read. */
const MISSING: ReadonlySet<string> = new Set(['data-missing', 'data-empty', 'holdout-missing']);

/** What reading gives; where it finds that data are not there, its problem says that `data.fetch` has not brought them. */
export async function readFetched<T>({ fetch }: DataSection, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof UserError) || fetch === undefined) throw thrown;
    const [first, ...rest] = thrown.problems.map((problem) =>
      MISSING.has(problem.code) ? notBrought(problem, fetch) : problem,
    );
    throw first === undefined ? thrown : new UserError([first, ...rest], { cause: thrown });
  }
}

function notBrought(problem: Problem, fetch: string): Problem {
  return {
    ...problem,
    message: `${problem.message} ${nameFetch(fetch)} has run before, and has not brought it.`,
    remedy: 'Have data.fetch bring it, or correct the path under `data` in trainyard.yml.',
  };
}
