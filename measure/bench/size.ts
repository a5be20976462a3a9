/** How much a benchmark measures: all that its figures need, or so little that it only shows that it runs: no target is judged then. */
export type Size = 'full' | 'tiny';
