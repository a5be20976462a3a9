import { toInstant } from '../../core/instant.ts';
import type { ArmCounts, Observation } from '../../core/rollout/evidence/observation.ts';
import type { Draws } from './draws.ts';

/** The one host that simulated traffic and simulated predictions come from. */
export const SIMULATED_HOST = { hostId: '00000000-0000-4000-8000-000000000000', host: 'simulated' } as const;

/** Edges in ms of the simulated latency buckets, each 15 % above the last: coarse, to keep the simulation quick. */
const EDGES: readonly number[] = Array.from({ length: 24 }, (_, index) => 20 * 1.15 ** index);
const MEDIAN_MS = 80;
const LOG_SPREAD = 0.5;

/** What the traffic of a rollout is like at a minute: all hosts' requests per second, the base error rate, the load on latency. */
type Moment = { readonly perSecond: number; readonly errorRate: number; readonly load: number };

/**
 * How traffic behaves over a rollout. `noise` is the sd of each version's own log-odds noise per poll; `invalid` the share of
 * invalid answers of both versions.
 */
export type Pattern = {
  readonly name: string;
  readonly invalid: number;
  /** The share of requests that clients wrote wrongly, which both versions refuse; none when left out. */
  readonly malformed?: number;
  readonly at: (minute: number, draws: Draws) => Moment;
  readonly noise: number;
};

const BASE = 0.005;

/** The four kinds of traffic on which false rollbacks are counted. */
export const PATTERNS: readonly Pattern[] = [
  { name: 'flat', invalid: 0.001, noise: 0, at: () => ({ perSecond: 20, errorRate: BASE, load: 0 }) },
  {
    name: 'swinging base rate (0.07–3.7 %)',
    invalid: 0.001,
    noise: 0,
    at: (minute, draws) => ({ perSecond: 20, errorRate: swing(minute), load: 0.3 * draws.normal() }),
  },
  { name: 'bursty', invalid: 0.001, noise: 0.2, at: () => ({ perSecond: 20, errorRate: 0.05, load: 0 }) },
  {
    name: 'ramp of traffic (5–50 requests/s)',
    invalid: 0.001,
    noise: 0,
    at: (minute) => ({ perSecond: 5 + Math.min(45, minute / 2), errorRate: BASE, load: 0 }),
  },
];

/** A base error rate that swings between 0.07 % and 3.7 % within 40 minutes, geometrically. */
export function swing(minute: number): number {
  const [low, high] = [Math.log(0.0007), Math.log(0.037)];
  return Math.exp(low + ((high - low) * (1 - Math.cos((2 * Math.PI * minute) / 40))) / 2);
}

/** How the candidate differs: the rate of errors times `errors`, latency times `slowdown`. */
type TrueHarm = { readonly errors: number; readonly slowdown: number };
export const NO_HARM: TrueHarm = { errors: 1, slowdown: 1 };

/** What traffic is like, and how the candidate differs. */
export type SimulatedTraffic = { readonly pattern: Pattern; readonly harm: TrueHarm };

/** One poll of `seconds` of one simulated host. */
export function drawPoll(
  draws: Draws,
  poll: { readonly seq: number; readonly seconds: number; readonly stage: number; readonly percent: number },
  { pattern, harm }: SimulatedTraffic,
): Observation {
  const moment = pattern.at((poll.seq * poll.seconds) / 60, draws);
  const requests = draws.poisson(moment.perSecond * poll.seconds);
  const ofCandidate = draws.binomial(requests, poll.percent / 100);
  const arm = (count: number, done: TrueHarm): ArmCounts => {
    const errorRate = tilt(Math.min(1, moment.errorRate * done.errors), pattern.noise * draws.normal());
    const shares = latencyShares(Math.log(MEDIAN_MS * done.slowdown) + moment.load);
    return {
      requests: count,
      errors: draws.binomial(count, errorRate),
      unanswered: 0,
      refused: draws.binomial(count, pattern.malformed ?? 0),
      invalid: draws.binomial(count, pattern.invalid),
      latency: { edges: [...EDGES], counts: draws.multinomial(count, shares) },
    };
  };
  return {
    ...SIMULATED_HOST,
    at: toInstant(1000 * poll.seq * poll.seconds),
    seq: poll.seq,
    seconds: poll.seconds,
    stage: poll.stage,
    weights: { candidate: poll.percent },
    candidate: arm(ofCandidate, harm),
    stable: arm(requests - ofCandidate, NO_HARM),
  };
}

/** A rate whose log-odds are moved. */
function tilt(rate: number, logOdds: number): number {
  if (logOdds === 0 || rate >= 1) return rate;
  const odds = (Math.exp(logOdds) * rate) / (1 - rate);
  return odds / (1 + odds);
}

/** Shares per bucket of log-logistic latency: close to log-normal, and quick to compute. */
function latencyShares(logMedian: number): readonly number[] {
  const scale = LOG_SPREAD / 1.7;
  const below = EDGES.map((edge) => 1 / (1 + Math.exp(-(Math.log(edge) - logMedian) / scale)));
  return [...below, 1].map((share, index) => share - (below[index - 1] ?? 0));
}
