import type { Explanation, Importances } from './explanation.ts';
import { isShown } from './explanation.ts';

/** The importances of one feature in both models; absent where a model has none. */
export type FeaturePair = {
  readonly name: string;
  readonly challenger: number | undefined;
  readonly champion: number | undefined;
};

/** All rows, or those of one slice, with the features in the order of the larger importance. */
export type ImportanceGroup = {
  readonly title: string;
  readonly rows: number;
  readonly features: readonly FeaturePair[];
};

/** Both models' explanations, as far as there are any. */
export type Explanations = {
  readonly challenger: Explanation | undefined;
  readonly champion: Explanation | undefined;
};

/** The champion's importances where they say the same as the challenger's: by one method, in one measure, on the same rows. */
export function findBeside(
  challenger: Importances,
  champion: Explanation | undefined,
): Importances | undefined {
  if (!isShown(champion)) return undefined;
  const isSame =
    champion.method === challenger.method &&
    champion.measure === challenger.measure &&
    champion.rows === challenger.rows &&
    champion.of === challenger.of &&
    String(champion.grid) === String(challenger.grid);
  return isSame ? champion : undefined;
}

/** The importances of both over all rows, then by slice; features are the same by their names. */
export function groupImportances(
  challenger: Importances,
  champion: Importances | undefined,
): readonly ImportanceGroup[] {
  const slices = challenger.slices.map(({ name, rows, values }) => ({
    title: name,
    rows,
    challenger: values,
    champion: champion?.slices.find((slice) => slice.name === name)?.values ?? [],
  }));
  const all = {
    ...{ title: 'All rows', rows: challenger.rows },
    challenger: valuesOf(challenger),
    champion: champion === undefined ? [] : valuesOf(champion),
  };
  return [all, ...slices].map(({ title, rows, ...values }) => ({
    ...{ title, rows },
    features: pairFeatures(
      toMap(challenger, values.challenger),
      champion === undefined ? new Map() : toMap(champion, values.champion),
    ),
  }));
}

/** Pairs whose difference is largest, first; those that both models have alone. */
export function listChanged(features: readonly FeaturePair[]): readonly FeaturePair[] {
  const differenceOf = ({ challenger = 0, champion = 0 }: FeaturePair): number =>
    Math.abs(challenger - champion);
  return features
    .filter(({ challenger, champion }) => challenger !== undefined && champion !== undefined)
    .toSorted((left, right) => differenceOf(right) - differenceOf(left));
}

type Values = readonly (number | null)[];

function valuesOf({ features }: Importances): Values {
  return features.map(({ value }) => value);
}

function toMap({ features }: Importances, values: Values): ReadonlyMap<string, number> {
  return new Map(
    features.flatMap(({ name }, place) => {
      const value = values[place] ?? null;
      return value === null ? [] : [[name, value] as const];
    }),
  );
}

function pairFeatures(
  challenger: ReadonlyMap<string, number>,
  champion: ReadonlyMap<string, number>,
): readonly FeaturePair[] {
  const names = [...new Set([...challenger.keys(), ...champion.keys()])];
  const largest = (pair: FeaturePair): number =>
    Math.max(pair.challenger ?? -Infinity, pair.champion ?? -Infinity);
  return names
    .map((name) => ({ name, challenger: challenger.get(name), champion: champion.get(name) }))
    .toSorted((left, right) => largest(right) - largest(left));
}
