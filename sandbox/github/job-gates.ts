import { z } from 'zod';
import type { Repository } from './repository.ts';

/** A job that asks whether it may begin: what its workflow says of its environment and its concurrency, after evaluation. */
export const gatedJobSchema = z.strictObject({
  run: z.number().int(),
  job: z.string(),
  /** Empty where the job names none: nothing is guarded then. */
  environment: z.string(),
  /** Concurrency group; empty where the job is in none. */
  group: z.string(),
  /** `max` lets a hundred wait; otherwise whoever comes later takes the place of the one that waits. */
  queue: z.enum(['single', 'max']),
});
type GatedJob = z.infer<typeof gatedJobSchema>;

/** Whether a job may begin. */
type GateAnswer =
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'refused'; readonly why: string };

/** What a reviewer says of environments that a run waits for. */
type Review = {
  readonly run: number;
  readonly environments: readonly string[];
  readonly state: 'approved' | 'rejected';
  readonly user: string;
};

/** Holds jobs back as GitHub does: first by their concurrency group, then until a reviewer of their environment has spoken. */
export type JobGates = {
  readonly ask: (job: GatedJob) => GateAnswer;
  /** Environments that a run waits for. */
  readonly pendingOf: (run: number) => readonly string[];
  /** Lets a reviewer speak; whether there was anything this person may say yes or no to. */
  readonly review: (review: Review) => boolean;
  /** Runs of which a job waits, which on GitHub takes up no runner. */
  readonly waitingRuns: () => ReadonlySet<number>;
};

const MAX_WAITING = 100;

type Known = GatedJob & { answer: GateAnswer; approved: boolean };

/** Makes the gates of a repository; `isOver` says that a job has ended, with which it leaves its group. */
export function createJobGates(
  { environments }: Pick<Repository, 'environments'>,
  isOver: (run: number, job: string) => boolean,
): JobGates {
  const jobs: Known[] = [];
  const present = (): readonly Known[] =>
    jobs.filter(({ run, job, answer }) => answer.kind !== 'refused' && !isOver(run, job));
  const awaitsReview = (job: Known): boolean =>
    job.answer.kind === 'waiting' &&
    !job.approved &&
    (environments.get(job.environment)?.reviewers.length ?? 0) > 0 &&
    isFirst(job, present());
  const waitingFor = (run: number): readonly Known[] =>
    present().filter((job) => job.run === run && awaitsReview(job));
  return {
    ask: (asked) => {
      const job = jobs.find(({ run, job: name }) => run === asked.run && name === asked.job) ?? {
        ...asked,
        answer: { kind: 'waiting' },
        approved: false,
      };
      if (!jobs.includes(job)) {
        makeRoom(job, present());
        jobs.push(job);
      }
      if (job.answer.kind === 'waiting' && isFirst(job, present()) && !awaitsReview(job)) {
        job.answer = { kind: 'open' };
      }
      return job.answer;
    },
    pendingOf: (run) => [...new Set(waitingFor(run).map(({ environment }) => environment))],
    review: ({ run, environments: named, state, user }) => {
      const reviewed = waitingFor(run).filter(
        ({ environment }) =>
          named.includes(environment) && environments.get(environment)?.reviewers.includes(user) === true,
      );
      for (const job of reviewed) {
        if (state === 'approved') job.approved = true;
        else job.answer = { kind: 'refused', why: `${user} rejected the deployment to ${job.environment}` };
      }
      return reviewed.length > 0;
    },
    waitingRuns: () =>
      new Set(present().flatMap(({ run, answer }) => (answer.kind === 'waiting' ? [run] : []))),
  };
}

/** Whether no other job holds the group, or waits for it longer. */
function isFirst(job: Known, present: readonly Known[]): boolean {
  if (job.group === '') return true;
  const first = present.find(({ group }) => group === job.group);
  return first === undefined || first === job;
}

/** A group lets one job run and one wait: the later one takes the place, unless the group keeps a queue. */
function makeRoom(job: Known, present: readonly Known[]): void {
  if (job.group === '') return;
  const [, ...waiting] = present.filter(({ group }) => group === job.group);
  if (job.queue === 'single') {
    for (const other of waiting) {
      other.answer = { kind: 'refused', why: `a later job took its place in the group ${job.group}` };
    }
  } else if (waiting.length >= MAX_WAITING) {
    job.answer = { kind: 'refused', why: `${MAX_WAITING} jobs wait in the group ${job.group} already` };
  }
}
