import type { Problem } from '../errors.ts';
import type { CrossProblem } from './cross-problem.ts';
import { readWrittenYaml } from './yaml-source.ts';

/** Problems at keys of trainyard.yml, each at the place where its key stands in the text. */
export function placeProblems(
  text: string,
  file: string,
  problems: readonly CrossProblem[],
): readonly Problem[] {
  if (problems.length === 0) return [];
  const { locate } = readWrittenYaml(text, file);
  return problems.map(({ path, ...problem }) => ({ ...problem, where: locate(path) }));
}
