import { median, quantile } from '../figures.ts';
import type { Size } from '../size.ts';
import { predict } from './client.ts';

/** Requests are of each side and round: of 300, the 99th percentile is about the fourth slowest. */
const SIZES = {
  full: { warmUp: 200, rounds: 12, requests: 300 },
  tiny: { warmUp: 2, rounds: 1, requests: 4 },
} as const;

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
export async function measureOverhead(
  alone: string,
  through: string,
  size: Size,
): Promise<readonly Overhead[]> {
  const { warmUp, rounds: count, requests } = SIZES[size];
  await timeRound(alone, through, warmUp);
  const rounds: (readonly [readonly number[], readonly number[]])[] = [];
  for (let round = 0; round < count; round++) rounds.push(await timeRound(alone, through, requests));
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
