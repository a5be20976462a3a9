import { z } from 'zod';

/** The jobs of the pipeline after plan, in the order in which they follow each other, but for what only searches along: no chain waits for it. */
export const CHAIN_JOBS = [
  'train',
  'propose',
  'predict-champion',
  'predict',
  'judge',
  'register',
  'build',
  'keep',
  'deploy',
  'take-back',
] as const;
export type ChainJob = (typeof CHAIN_JOBS)[number];

/** What GitHub and the job itself say of its end. Of a job that did not run, or was lost, it says nothing itself. */
const jobEndSchema = z.object({
  result: z.enum(['success', 'failure', 'cancelled', 'skipped']),
  /** The reason code of its action. */
  code: z.string().nullish(),
  /** Its headline. It may be of a job that ran the user's code, and is anybody's text. */
  said: z.string().nullish(),
});

/** How each job of a run has ended, by its name. */
export const jobEndsSchema = z.partialRecord(z.enum(CHAIN_JOBS), jobEndSchema);
export type JobEnds = Readonly<z.infer<typeof jobEndsSchema>>;
