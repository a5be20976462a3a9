import type { StepEnd } from '../../core/project-port.ts';
import type { RunLine } from '../../core/shell-port.ts';
import { type ProcessEnd, runProcess } from '../run-process.ts';
import { withoutSecrets } from '../without-secrets.ts';
import { programPath } from './program-path.ts';

type LineOptions = {
  /** The root of the checkout. */
  readonly cwd: string;
  /** The Python that the action was given. */
  readonly python: string;
  /** The job's environment, of which its secrets are kept back. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trackingUri: string;
  readonly onLine: (line: string) => void;
};

/** The words by which a shell runs a command line: it stops at the first command that fails, and at a variable without a value. */
export function shellWords(line: string): readonly [string, ...string[]] {
  return ['bash', '-euo', 'pipefail', '-c', line];
}

/** Runs command lines that the default branch has written, as the job's user, with the runner's environment and in no box. */
export function createLineRunner({ cwd, python, env, trackingUri, onLine }: LineOptions): RunLine {
  return async ({ line, timeoutSeconds, signal }) => {
    const [command, ...args] = shellWords(line);
    const end = await runProcess({
      ...{ command, args, cwd, onLine, timeoutMs: timeoutSeconds * 1_000 },
      env: {
        ...withoutSecrets(env),
        PATH: programPath(python, env),
        MLFLOW_TRACKING_URI: trackingUri,
        PYTHONUNBUFFERED: '1',
      },
      ...(signal && { signal }),
    });
    return toLineEnd(end);
  };
}

/** How a program ended, in the words of a step. */
export function toLineEnd(end: ProcessEnd): Pick<StepEnd, 'status' | 'code' | 'lines'> {
  const lines = [...end.stdout, ...end.stderr];
  if (end.ended === 'timed-out') return { status: 'timed-out', code: end.code, lines };
  if (end.ended === 'aborted') return { status: 'aborted', code: end.code, lines };
  return { status: end.code === 0 ? 'succeeded' : 'failed', code: end.code, lines };
}
