import type { Problem } from '../../core/errors.ts';
import type { StepEnd } from '../../core/project-port.ts';
import { findLastWords, findTraceback } from '../job/programs/find-traceback.ts';

/** As shells report a process that SIGKILL ended. */
const KILLED_CODE = 137;
/** As bash tells it: `line 1: 4711 Killed python train.py`. */
const KILLED = /(?:^|\s)Killed(?:\s|$)/;

/** Failures whose cause lies beside the script, and what helps. */
const KNOWN: readonly { readonly said: RegExp; readonly remedy: string }[] = [
  {
    said: /^(?:ModuleNotFoundError|ImportError)\b/,
    remedy:
      'Install it in the Python of the gpu-runner (the input `python` names which), or have MLflow make an environment from what the project lists: `project.environment: uv`.',
  },
  {
    said: /\b(?:CUDA|HIP|MPS\b.*) out of memory|^torch\.(?:cuda\.)?OutOfMemoryError/,
    remedy:
      'Make the batch or the model smaller, or free the GPU: another process of the runner may hold it.',
  },
  {
    said: /^mlflow\.utils\.process\.ShellCommandException/,
    remedy:
      'MLflow could not make the environment; what its installer said stands above that. Name a Python in python_env.yaml that the runner has, and packages that its index has.',
  },
  {
    said: /^Fatal Python error/,
    remedy:
      'It ended in C code of a library that the line above calls: take another version of that library, and look at what it was given.',
  },
  {
    said: /^MemoryError\b|Unable to allocate/,
    remedy: 'Read the data in parts, or take a runner with more memory.',
  },
];

/** What a step of the training that failed tells of itself, at the line of the user's script where there is one. */
export function describeFailure(step: string, workspace: string, end: StepEnd): Problem {
  const { code, lines } = end;
  const byCode = code === undefined ? '' : ` with exit code ${code}`;
  const last = findLastWords(lines);
  const found = findTraceback(lines, workspace);
  if (found?.isLast !== true && isStarved(end, last)) {
    const words = last === undefined ? 'It printed nothing.' : `Its last words: ${sentence(last)}`;
    return {
      code: 'training-killed',
      message: `The step ${step} was ended from outside${byCode}, as the kernel does for want of memory. ${words}`,
      remedy:
        'Have it hold less at a time (batches, workers, columns), or take a runner with more memory; what else runs on the runner counts too.',
    };
  }
  const said = found?.message ?? last ?? 'it printed nothing';
  const known = KNOWN.find((one) => one.said.test(said));
  return {
    code: 'training-failed',
    message: `The step ${step} failed${byCode}: ${sentence(said)}`,
    remedy: known?.remedy ?? 'Mend it and ask again; the whole output is in the log above.',
    ...(found?.file !== undefined && {
      where: { kind: 'file', file: found.file, ...(found.line !== undefined && { line: found.line }) },
    }),
  };
}

/** MLflow tells how a step ended by its own code alone, so the kernel's count is asked too. */
function isStarved({ code, memoryKills }: StepEnd, last: string | undefined): boolean {
  return memoryKills > 0 || code === KILLED_CODE || (last !== undefined && KILLED.test(last));
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
