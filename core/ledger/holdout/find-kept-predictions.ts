import type { LedgerState } from '../state.ts';

/** Predictions of a champion that a judgement has been based on: what file they answer, and the digest of theirs. */
export type KeptPredictions = { readonly holdoutDigest: string; readonly digest: string };

/** What decides which values a model is asked about. */
type Description = { readonly target: string; readonly slices: readonly string[] } & {
  readonly [K in 'id' | 'group' | 'time']?: string | undefined;
} & { readonly inputs?: readonly string[] | undefined };

/**
 * The champion's predictions that the ledger names and that still say the same: the holdout is described as it was then, and no code of the
 * default branch's takes part. `undefined` when the champion has to be asked again.
 */
export function findKeptPredictions(
  { holdout: fixed, gates }: LedgerState,
  holdout: (Description & { readonly metrics: Readonly<Record<string, string>> }) | undefined,
  champion: string,
): KeptPredictions | undefined {
  if (fixed === undefined || holdout === undefined) return undefined;
  if (write(fixed) !== write(holdout) || Object.keys(holdout.metrics).length > 0) return undefined;
  const [newest] = Object.values(gates)
    .filter((gate) => gate.champion === champion && gate.holdoutDigest === fixed.digest)
    .toSorted((left, right) => (left.at < right.at ? 1 : -1));
  const digest = newest?.championPredictions;
  return digest === undefined ? undefined : { holdoutDigest: fixed.digest, digest };
}

function write({ target, id, group, time, slices, inputs }: Description): string {
  return JSON.stringify([target, id, group, time, slices, inputs]);
}
