import { BESIDE_THE_JOBS } from './beside-the-jobs.ts';
import { BETWEEN_JOBS } from './between-jobs.ts';
import type { Crossing } from './crossing.ts';

/** All ways between the zones, and between them and what lies in between. A way that is not here does not exist: test/contract/trust.test.ts. */
export const CROSSINGS: readonly Crossing[] = [...BETWEEN_JOBS, ...BESIDE_THE_JOBS];
