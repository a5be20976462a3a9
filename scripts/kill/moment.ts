import { randomStream } from '../../core/statistics/random-stream.ts';

/** What dies at a moment, each time with `kill -9`: the agent; with it every model server of its host; or with it the deploy job. */
export const KINDS = ['agent', 'agent and model servers', 'agent and deploy job'] as const;
export type Kind = (typeof KINDS)[number];

/** One kill in the middle of one rollout. */
export type Moment = {
  readonly index: number;
  readonly kind: Kind;
  /** Whether the candidate deserves its promotion. */
  readonly candidate: Candidate;
  /** When, as a share of the length of an undisturbed rollout of such a candidate, in [0, 1). */
  readonly at: number;
};
export type Candidate = 'good' | 'bad';

/** Of ten moments in a row, these take more than the agent; one in ten each, and both within the first five. */
const SERVERS_TOO = 1;
const DEPLOY_TOO = 4;
const BAD_SHARE = 0.25;

/** The moments of a seed. Each depends on the seed and its index alone, so that one can be played again by itself. */
export function drawMoments(seed: string, count: number): readonly Moment[] {
  return Array.from({ length: count }, (_, index) => {
    const random = randomStream(`${seed}/${index}`);
    return {
      index,
      kind: kindOf(index),
      at: random.uniform(),
      candidate: random.uniform() < BAD_SHARE ? 'bad' : 'good',
    };
  });
}

function kindOf(index: number): Kind {
  if (index % 10 === SERVERS_TOO) return 'agent and model servers';
  return index % 10 === DEPLOY_TOO ? 'agent and deploy job' : 'agent';
}
