import type { Holdout } from './config.ts';
import { gitPath } from './git-path.ts';

/**
 * A sentence for each file of the default branch that models are judged on or by and that a commit changes too: what is said of it in
 * trainyard.yml may stay the same. `paths` are all that the commit changes, from the root of the repository.
 */
export function describeTouchedFiles(
  holdout: Pick<Holdout, 'path' | 'metrics'> | undefined,
  paths: readonly string[],
): readonly string[] {
  if (holdout === undefined) return [];
  const touched = new Set(paths);
  const code = Object.values(holdout.metrics).map((place) => place.slice(0, place.lastIndexOf(':')));
  const files = [
    [gitPath(holdout.path), 'on'] as const,
    ...[...new Set(code.map(gitPath))].map((file) => [file, 'by'] as const),
  ];
  return files
    .filter(([file]) => touched.has(file))
    .map(
      ([file, how]) =>
        `This commit changes the file \`${file}\`; judged ${how} the default branch's until it is merged.`,
    );
}
