import type { AnswersContract } from '../../answers/contract.ts';
import { addSeconds, isBefore } from '../../instant.ts';
import type { Champion } from '../champion-of.ts';
import { environmentOf, type LedgerState, lookUp } from '../state.ts';
import { findNewestAgainst } from './find-newest-against.ts';

const YEAR_SECONDS = 365 * 86_400;
/** More than these are not asked for. */
const MOST = 12;

/** A version that was champion, and the digest of its predictions that a judgement on this holdout has been based on. */
export type EarlierChampion = Champion & {
  readonly predictions: string;
  /** What its answers were judged by. */
  readonly judged: AnswersContract | undefined;
};

/**
 * The versions that were promoted in an environment within the last year, neither serve now nor were taken back, and whose predictions on the
 * holdout at hand the ledger names: the newest twelve, newest first.
 */
export function findEarlierChampions(
  state: LedgerState,
  {
    environment,
    holdoutDigest,
    now,
  }: { readonly environment: string; readonly holdoutDigest: string; readonly now: string },
): readonly EarlierChampion[] {
  const { history, champion } = environmentOf(state, environment);
  const since = addSeconds(now, -YEAR_SECONDS);
  const lastOf = new Map(history.map((outcome) => [outcome.version, outcome]));
  const promoted = [...lastOf.values()]
    .filter(({ outcome, version }) => outcome === 'promoted' && version !== champion?.version)
    .filter(({ at }) => !isBefore(at, since))
    .toSorted((left, right) => (left.at < right.at ? 1 : -1));
  return promoted
    .flatMap(({ version }): EarlierChampion[] => {
      const known = lookUp(state.versions, version);
      const predictions = findNewestAgainst(state.gates, version, holdoutDigest)?.championPredictions;
      if (known === undefined || predictions === undefined) return [];
      const { runId, modelUri, modelDigest, gate } = known;
      return [{ version, runId, modelUri, modelDigest, predictions, judged: gate?.answers }];
    })
    .slice(0, MOST);
}
