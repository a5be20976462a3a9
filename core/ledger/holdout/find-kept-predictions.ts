import { type AnswersContract, isSameContract, mergeContracts } from '../../answers/contract.ts';
import type { BoxLevel } from '../../box-level.ts';
import { type LedgerState, lookUp } from '../state.ts';
import { type ColumnMeanings, describeColumns } from './describe-columns.ts';
import { findNewestAgainst } from './find-newest-against.ts';

/** Of whom predictions are looked for, as the default branch says it. */
type Asked = {
  readonly champion: string;
  readonly answers: AnswersContract;
  /** Whether those count as well that it made when it was the challenger: it is not to be asked again. */
  readonly fromOwnGate: boolean;
};

/** Predictions of a champion that a judgement has been based on: what file they answer, the digest of theirs, and in what box it ran. */
export type KeptPredictions = {
  readonly holdoutDigest: string;
  readonly digest: string;
  readonly box: BoxLevel;
};

/**
 * The champion's predictions that the ledger names and that still say the same: the holdout is described as it was then, its answers are read
 * by the same contract, and no code of the default branch's takes part. `undefined` when the champion has to be asked again.
 */
export function findKeptPredictions(
  { holdout: fixed, answers: read, gates, versions }: LedgerState,
  holdout: (ColumnMeanings & { readonly metrics: Readonly<Record<string, string>> }) | undefined,
  { champion, answers, fromOwnGate }: Asked,
): KeptPredictions | undefined {
  if (fixed === undefined || read === undefined || holdout === undefined) return undefined;
  if (!isSameContract(mergeContracts(answers, read.contract), read.contract)) return undefined;
  const isSameMeaning = describeColumns(fixed) === describeColumns(holdout);
  if (!isSameMeaning || Object.keys(holdout.metrics).length > 0) return undefined;
  const newest = findNewestAgainst(gates, champion, fixed.digest);
  if (newest !== undefined && newest.at > read.at) {
    return keep(fixed.digest, newest.championPredictions, newest.boxes?.champion);
  }
  const own = fromOwnGate ? lookUp(versions, champion)?.gate : undefined;
  // The judgement that fixed what models answer fixed what this very model did.
  if (own === undefined || own.holdoutDigest !== fixed.digest || own.at < read.at) return undefined;
  return keep(fixed.digest, own.predictions, own.boxes?.challenger);
}

function keep(
  holdoutDigest: string,
  digest: string | undefined,
  box: BoxLevel | undefined,
): KeptPredictions | undefined {
  return digest === undefined || box === undefined ? undefined : { holdoutDigest, digest, box };
}
