/** The largest batch that `serving.batch-size: auto` tries. */
export const LARGEST_BATCH = 64;
/** How long such a search may measure, in seconds. */
export const SEARCH_SECONDS = 180;
