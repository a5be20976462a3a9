import { didYouMean } from '../../did-you-mean.ts';

type Issue = {
  readonly code?: string | undefined;
  readonly path?: readonly PropertyKey[] | undefined;
  readonly keys?: unknown;
};

/**
 * For a check between keys: that it is made whenever nothing is wrong with those that it reads, whatever is wrong beside them. Zod alone
 * makes none once any value of the section has a wrong type, or any key is unknown. Paths are written `rollout.stages`; `*` is any key.
 */
export function whenRight(reads: readonly string[]): {
  readonly when: (payload: { readonly issues: readonly Issue[] }) => boolean;
} {
  return { when: ({ issues }) => !areTouched(reads, issues) };
}

/** Whether anything is wrong at, above or below one of these paths, a key that may be meant for one of theirs among it. */
export function areTouched(reads: readonly string[], issues: readonly Issue[]): boolean {
  const paths = reads.map((read) => read.split('.'));
  return issues.some((issue) =>
    placesOf(issue, paths).some((place) => paths.some((path) => meet(path, place))),
  );
}

function placesOf({ path = [], code, keys }: Issue, paths: readonly string[][]): readonly string[][] {
  const place = path.map(String);
  if (code !== 'unrecognized_keys' || !Array.isArray(keys)) return [place];
  const known = paths.flatMap((one) => one[place.length] ?? []);
  return keys.map(String).map((key) => [...place, didYouMean(key, known) ?? key]);
}

/** Whether one of the two lies on the way to the other. */
function meet(path: readonly string[], place: readonly string[]): boolean {
  return path.every((part, index) => part === '*' || (place[index] ?? part) === part);
}
