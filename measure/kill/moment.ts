import { randomStream } from '../../core/statistics/random/random-stream.ts';

/** What dies at a moment, each time with `kill -9`: the agent; with it every model server of its host; or with it the deploy job. */
export const KINDS = ['agent', 'agent and model servers', 'agent and deploy job'] as const;
export type Kind = (typeof KINDS)[number];

/** How a rollout is played. */
export type Manner = {
  /** Whether the candidate deserves its promotion. */
  readonly candidate: Grade;
  /** Whether no job waits for the rollout: each leaves, and the agent's reports begin the next. A lost one would end it there. */
  readonly isDetached: boolean;
};
export type Grade = 'good' | 'bad';

/** One kill in the middle of one rollout. */
export type Moment = Manner & {
  readonly index: number;
  readonly kind: Kind;
  /** When, as a share of the length of an undisturbed rollout of this manner, in [0, 1). */
  readonly at: number;
};

/** Of ten moments in a row, these take more than the agent; one in ten each, and both within the first five. */
const SERVERS_TOO = 1;
const DEPLOY_TOO = 4;
const BAD_SHARE = 0.25;
const DETACHED_SHARE = 0.4;

/** The moments of a seed. Each depends on the seed and its index alone, so that one can be played again by itself. */
export function drawMoments(seed: string, count: number): readonly Moment[] {
  return Array.from({ length: count }, (_, index) => {
    const random = randomStream(`${seed}/${index}`);
    const kind = kindOf(index);
    return {
      index,
      kind,
      at: random.uniform(),
      candidate: random.uniform() < BAD_SHARE ? 'bad' : 'good',
      // A job that has left can't be killed.
      isDetached: random.uniform() < DETACHED_SHARE && kind !== 'agent and deploy job',
    };
  });
}

/** Its words in a report. */
export function describeManner({ candidate, isDetached }: Manner): string {
  return `${candidate} candidate${isDetached ? ', detached' : ''}`;
}

function kindOf(index: number): Kind {
  if (index % 10 === SERVERS_TOO) return 'agent and model servers';
  return index % 10 === DEPLOY_TOO ? 'agent and deploy job' : 'agent';
}
