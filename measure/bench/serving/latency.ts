import { median, quantile } from '../figures.ts';
import { predict } from './client.ts';

const WARM_UP_REQUESTS = 200;
const ROUNDS = 12;
/** Of each side and round; the 99th percentile is about the fourth slowest. */
const REQUESTS = 300;

/** One quantile through proxy and capture beside TorchServe alone, in ms: medians over the rounds, and of their ratios. */
export type Overhead = {
  readonly quantile: number;
  readonly alone: number;
  readonly through: number;
  readonly added: number;
  readonly ratio: number;
  /** The smallest and largest ratio of a round. */
  readonly spread: readonly [number, number];
};

/** Asks both in turn, request by request, so that the machine's moods meet both; a round that was disturbed is outvoted. */
export async function measureOverhead(alone: string, through: string): Promise<readonly Overhead[]> {
  await timeRound(alone, through, WARM_UP_REQUESTS);
  const rounds: (readonly [readonly number[], readonly number[]])[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await timeRound(alone, through, REQUESTS));
  return [0.5, 0.99].map((share) => {
    const pairs = rounds.map(([direct, proxied]) => ({
      direct: quantile(direct, share),
      proxied: quantile(proxied, share),
    }));
    const ratios = pairs.map(({ direct, proxied }) => proxied / direct);
    return {
      quantile: share,
      alone: median(pairs.map(({ direct }) => direct)),
      through: median(pairs.map(({ proxied }) => proxied)),
      added: median(pairs.map(({ direct, proxied }) => proxied - direct)),
      ratio: median(ratios),
      spread: [Math.min(...ratios), Math.max(...ratios)],
    };
  });
}

/** Milliseconds of each request; who is asked first changes from request to request. */
async function timeRound(
  alone: string,
  through: string,
  requests: number,
): Promise<readonly [readonly number[], readonly number[]]> {
  const times: readonly [number[], number[]] = [[], []];
  for (let request = 0; request < requests; request++) {
    for (const side of request % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const startedAt = performance.now();
      await predict(side === 0 ? alone : through);
      times[side].push(performance.now() - startedAt);
    }
  }
  return times;
}
