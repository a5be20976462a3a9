import { formatProblem, type Problem } from '../errors.ts';
import { plainLine } from './plain-text.ts';

/** What a runner of GitHub Actions shows of a problem, at its place in a file where it has one. Who prints it makes the message plain. */
type Annotation = {
  readonly title: string;
  readonly message: string;
  readonly file?: string;
  readonly startLine?: number;
  readonly startColumn?: number;
};

/** A problem as an annotation. */
export function annotationOf(problem: Problem): Annotation {
  const { code, message, remedy, where } = problem;
  const title = `trainyard: ${code}`;
  // A place in a file is the annotation's own; any other has to be said.
  if (where?.kind !== 'file') return { title, message: formatProblem(problem) };
  return {
    title,
    message: `${message} ${remedy}`,
    file: plainLine(where.file),
    ...(where.line !== undefined && { startLine: where.line }),
    ...(where.column !== undefined && { startColumn: where.column }),
  };
}
