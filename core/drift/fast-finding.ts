import type { Reason } from '../verdict.ts';

/** Something wrong now that no day needs to pass for; `since` is the start of the check that raised the alarm. */
export type FastFinding = Reason & { readonly since: string };
