import type { Config, Scalar } from '../../config/config.ts';
import type { KnownSearch } from '../../ledger/search/known-search.ts';
import type { Study } from '../../ledger/search/study.ts';
import type { LedgerState } from '../../ledger/state.ts';
import type { PlannedOperation } from '../hand-over.ts';
import { withoutSearchParameters } from './without-search-parameters.ts';

/** The most searches that a training looks through. */
const MOST_SEARCHES = 20;

/** The searches of a model that are over, newest first. */
export function listSearches({ trainings }: LedgerState): readonly KnownSearch[] {
  const known = Object.values(trainings).flatMap(({ search, sha, parameters }) =>
    search === undefined ? [] : [{ summary: search, sha, given: parameters }],
  );
  return known.toReversed().slice(0, MOST_SEARCHES);
}

/** The newest search of which these parameters are the best: those that it tried, and those that all its trials were given. */
export function findSearch(
  searches: readonly KnownSearch[],
  parameters: Readonly<Record<string, Scalar>>,
  config: Config,
): KnownSearch | undefined {
  return searches.find((search) =>
    Object.entries(foundBy(search, config)).every(([name, value]) => parameters[name] === value),
  );
}

/** What a training with the best of a search has. What is set while it searches stays with the search. */
function foundBy({ summary, given }: KnownSearch, config: Config): Readonly<Record<string, Scalar>> {
  const own = withoutSearchParameters({ operation: 'tune', parameters: given }, config);
  const kept = Object.entries(own).filter(([name]) => !Object.hasOwn(config.search?.parameters ?? {}, name));
  return { ...Object.fromEntries(kept), ...summary.best.parameters };
}

type Asked = Pick<PlannedOperation, 'operation' | 'correlationId' | 'production' | 'next'>;

/** What the job of a training says of its search, where the ledger knows that search, or it was made for this training. */
export function believeStudy(
  study: Study | undefined,
  { operation, correlationId }: Asked,
  state: LedgerState,
): Study | undefined {
  if (study === undefined) return undefined;
  const isOwn = operation === 'tune' && study.study === `${state.model}/${correlationId}`;
  const isKnown = Object.values(state.trainings).some(
    ({ search }) => search?.study === study.study && search.runId === study.runId,
  );
  return isOwn || isKnown ? study : undefined;
}

/** What makes a training one of production. */
type AskedAs = { readonly [name in 'production' | 'next']?: Asked[name] | undefined };

/** Whether a training was asked for as one of production: by itself, or as what follows its search. */
export function isOfProduction({ production, next }: AskedAs): boolean {
  return production === true || next === 'production';
}

/** Whether a training is of production by what was asked for, and not by the search and the data that it had. */
export function failsProduction(asked: Asked, study: Study | undefined): boolean {
  if (!isOfProduction(asked)) return false;
  return study?.data !== 'same' && study?.data !== 'superset';
}
