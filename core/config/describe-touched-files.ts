import { listExamples } from '../gate/rules/rule.ts';
import type { Config } from './config.ts';
import { gitPath } from './git-path.ts';

/**
 * A sentence for each file of the default branch that models are judged on or by and that a commit changes or removes: the holdout, the code
 * of metrics, examples. What is said of it in trainyard.yml may stay the same. `paths` are all that the commit changes, from the root of the
 * repository.
 */
export function describeTouchedFiles(
  { data: { holdout }, gate }: Touchable,
  paths: readonly string[],
): readonly string[] {
  const touched = new Set(paths);
  const code = Object.values(holdout?.metrics ?? {}).map((place) => place.slice(0, place.lastIndexOf(':')));
  const by = [...new Set([...code, ...listExamples(gate)].map(gitPath))];
  const files = [
    ...(holdout === undefined ? [] : [[gitPath(holdout.path), 'on'] as const]),
    ...by.map((file) => [file, 'by'] as const),
  ];
  return files
    .filter(([file]) => touched.has(file))
    .map(
      ([file, how]) =>
        `This commit changes the file \`${file}\`; judged ${how} the default branch's until it is merged.`,
    );
}

/** What names these files. */
type Touchable = {
  readonly data: { readonly holdout?: Pick<NonNullable<Config['data']['holdout']>, 'path' | 'metrics'> };
  readonly gate: Config['gate'];
};
