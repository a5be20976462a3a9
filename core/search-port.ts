import type { BoxLevel } from './box-level.ts';
import type { Search } from './config/config.ts';
import type { ProjectStep } from './project-port.ts';
import type { SearchProgress, SearchResult } from './search/search-result.ts';

/** A search over the parameters of a step; those of the step are the ones that all its trainings have. */
export type SearchRequest = {
  /** Its entry point, and the run that the runs of all trials become children of. */
  readonly step: ProjectStep;
  readonly study: string;
  /** Names this runner among those that share the study. */
  readonly host: string;
  readonly search: Search;
  /** Tags of each trial's run. */
  readonly tags: Readonly<Record<string, string>>;
  readonly onProgress: (progress: SearchProgress) => void;
};

/** What a search came to, and in what box its trainings ran. */
export type SearchEnd = { readonly result: SearchResult; readonly box: BoxLevel };

/**
 * Runs a search to its end, from where an earlier one of the same study has left it. Rejects with a UserError for what the user can mend.
 */
export type SearchRunner = {
  readonly run: (request: SearchRequest) => Promise<SearchEnd>;
  /** Throws a UserError where the storage of the search is none that this job can open: known before the data are fetched. */
  readonly requireStorage: (search: Search) => void;
};
