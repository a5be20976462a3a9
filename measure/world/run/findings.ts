import { z } from 'zod';

/** A schedule that broke an invariant, as a worker tells of it. */
const foundSchema = z.object({
  seed: z.number(),
  invariant: z.string(),
  breach: z.string(),
  /** ms since the world began. */
  at: z.number(),
  injections: z.array(z.string()),
  /** How many there were before it was shrunk. */
  before: z.number(),
  setup: z.string(),
  trace: z.array(z.string()),
});
export type Found = z.infer<typeof foundSchema>;

/** What a worker has played so far. */
const tallySchema = z.object({
  schedules: z.number(),
  steps: z.number(),
  rollouts: z.number(),
  pushes: z.number(),
  injections: z.number(),
});
export type Tally = z.infer<typeof tallySchema>;

/** One message of a worker: it is sent by `process.send`, as JSON. */
export const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('found'), found: foundSchema }),
  z.object({ kind: z.literal('tally'), tally: tallySchema }),
]);
export type WorkerMessage = z.infer<typeof messageSchema>;

export const NOTHING_PLAYED: Tally = { schedules: 0, steps: 0, rollouts: 0, pushes: 0, injections: 0 };

/** The sum of what two have played. */
export function addTallies(left: Tally, right: Tally): Tally {
  return {
    schedules: left.schedules + right.schedules,
    steps: left.steps + right.steps,
    rollouts: left.rollouts + right.rollouts,
    pushes: left.pushes + right.pushes,
    injections: left.injections + right.injections,
  };
}

/** A finding for people: what was broken, the least that breaks it, and the steps that led there. */
export function renderFound({
  seed,
  invariant,
  breach,
  at,
  injections,
  before,
  setup,
  trace,
}: Found): string {
  return [
    `seed ${seed} breaks ${invariant} after ${(at / 1_000).toFixed(1)} s: ${breach}`,
    `  ${injections.length} of ${before} injections are needed (npm run simulate -- world --replay ${seed}):`,
    ...injections.map((line) => `    ${line}`),
    `  in a world of ${setup}`,
    ...trace.map((line) => `  ${line}`),
  ].join('\n');
}
