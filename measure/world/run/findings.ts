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
  /** Pushes that were rejected, since another came first. */
  races: z.number(),
  /** By kind. */
  injections: z.record(z.string(), z.number()),
});
export type Tally = z.infer<typeof tallySchema>;

/** One message of a worker: it is sent by `process.send`, as JSON. */
export const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('found'), found: foundSchema }),
  z.object({ kind: z.literal('tally'), tally: tallySchema }),
]);
export type WorkerMessage = z.infer<typeof messageSchema>;

export const NOTHING_PLAYED: Tally = {
  ...{ schedules: 0, steps: 0, rollouts: 0, pushes: 0, races: 0 },
  injections: {},
};

/** The sum of what two have played. */
export function addTallies(left: Tally, right: Tally): Tally {
  return {
    schedules: left.schedules + right.schedules,
    steps: left.steps + right.steps,
    rollouts: left.rollouts + right.rollouts,
    pushes: left.pushes + right.pushes,
    races: left.races + right.races,
    injections: addCounts(left.injections, right.injections),
  };
}

type CountsByKind = Tally['injections'];

function addCounts(left: CountsByKind, right: CountsByKind): CountsByKind {
  const sums = { ...left };
  for (const [kind, count] of Object.entries(right)) sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
}

/** What ends a process or a machine at a moment nobody chose. */
const CRASHES: ReadonlySet<string> = new Set([
  ...['agent-killed', 'host-lost', 'host-replaced', 'server-crash', 'job-killed'],
]);

/** What was played, for people: how much there was of everything, and of each kind of injection. */
export function renderTally({ schedules, steps, rollouts, pushes, races, injections }: Tally): string {
  const kinds = Object.entries(injections).toSorted(([, left], [, right]) => right - left);
  const sum = (counts: typeof kinds) => counts.reduce((total, [, count]) => total + count, 0);
  const crashes = sum(kinds.filter(([kind]) => CRASHES.has(kind)));
  return [
    `${schedules} schedules: ${steps} steps, ${rollouts} rollouts, ${pushes} heads of the ledger, ${races} races for it lost`,
    `${sum(kinds)} injections, ${crashes} of them crashes: ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
  ].join('\n');
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
