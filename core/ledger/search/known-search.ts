import { z } from 'zod';
import { parametersSchema } from '../parameters.ts';
import { searchSummarySchema } from './search-summary.ts';

/** A search that the ledger knows: what it came to, of which commit it was, and what it was given beside what it tried. */
export const knownSearchSchema = z.object({
  summary: searchSummarySchema,
  sha: z.string(),
  given: parametersSchema,
});
export type KnownSearch = Readonly<z.infer<typeof knownSearchSchema>>;
