import type { ProvenHarm } from './harm-sum.ts';
import type { Invariant } from './invariant.ts';

/** What a host does with requests, summed as long as it goes on. Times in ms. */
export type HostServing = {
  readonly url: string;
  /**
   * For how long most requests have not been answered, or not with an answer, while the champion's server was up and the agent could act.
   * What a candidate fails that gets all of them is `harm`; what one refuses is harm as well, or `refusedAlone`.
   */
  readonly downMs: number;
  /** A version that the ledger has taken back, and for how long it has got requests since although the host could know. */
  readonly takenBack:
    | { readonly version: string; readonly forMs: number; readonly boundMs: number }
    | undefined;
  /** What a candidate has done that its agent had the time to see. */
  readonly harm: ({ readonly version: string } & ProvenHarm) | undefined;
  /** What it has failed since it began to fail more than is borne, while it got all requests. */
  readonly lateHarm: ({ readonly version: string } & ProvenHarm) | undefined;
  /** What it has refused, beyond what is borne, while it got all requests. */
  readonly refusedAlone: ({ readonly version: string } & ProvenHarm) | undefined;
  /** The share of requests a candidate gets, and the largest the ledger has allowed lately, in percent. */
  readonly candidate:
    | { readonly version: string; readonly percent: number; readonly allowed: number }
    | undefined;
};

/** An agent looks every tick, may miss one, and a server that has gone is seen and replaced in two more. */
const LONGEST_DOWN_MS = 30_000;

/**
 * Harm beyond doubt. An agent asks for evidence of 2n : alpha, at three hosts and the world's alpha 23 nats; to share its bets out over six
 * harms and the grid of odds ratios costs up to 8 more. What it sees is told here twice over, since it does not know the stable version's
 * rate, and has to learn it from the requests of that; and one failure is worth no more to it than the log of the candidate's share.
 */
const PROOF_NATS = 62;
const PROOF_FAILED = 60;

/**
 * Where a candidate gets all requests, good time before it begins to fail them hides nothing: the evidence may double in a second. An agent
 * asks for 23 nats, 4 since a fortieth of the capital is bet on this, up to 10 for the polls before, 7 for the grid, and is given 7 as below.
 */
const PROOF_LATE_NATS = 51;

/**
 * Where a candidate gets all requests, it is promised that one that refuses more than `refusedAloneLimit` of them is braked, one request in
 * two seconds counted. The limit is known; an agent asks for 23 nats, 3 since a twentieth of the capital is bet on this, 1 since half of
 * that is from the first poll on, up to 6 for the grid, and is given 7 for the seconds in which the stable version ends what it had. One that
 * refuses less than the limit, as three good requests in ten, is taken back by comparison or, held before that is complete, by the deadline.
 */
const PROOF_REFUSED_NATS = 40;

/** What each host has to keep while it serves. */
export const SERVING_INVARIANTS: readonly Invariant<HostServing>[] = [
  {
    name: 'healthy-champion-serves',
    text: 'While the champion is healthy on a host, requests are answered there, be it by a refusal, up to the few ticks it takes to see what fails.',
    breach: ({ url, downMs }) =>
      downMs > LONGEST_DOWN_MS
        ? `most requests of ${url} have failed for ${downMs / 1_000} s, and its champion is up`
        : undefined,
  },
  {
    name: 'taken-back-gets-nothing',
    text: 'No request goes to a version that the ledger has taken back, beyond two leases and a tick, where the host can be told, and the champion started.',
    breach: ({ url, takenBack }) =>
      takenBack !== undefined && takenBack.forMs > takenBack.boundMs
        ? `${url} has given requests to version ${takenBack.version} for ${takenBack.forMs / 1_000} s after it was taken back`
        : undefined,
  },
  {
    name: 'harm-is-braked',
    text: 'A candidate that fails more of its requests than the stable version is braked within ticks of the proof.',
    breach: ({ url, harm, lateHarm }) => {
      if (harm !== undefined && harm.failed > PROOF_FAILED && harm.nats > PROOF_NATS) {
        return `version ${harm.version} had failed ${Math.round(harm.failed)} requests too many on ${url} some ticks ago, where ${PROOF_FAILED} prove it`;
      }
      if (lateHarm === undefined || lateHarm.nats <= PROOF_LATE_NATS) return undefined;
      return `version ${lateHarm.version} had begun to fail ${Math.round(lateHarm.failed)} requests too many on ${url} some ticks ago, of those that count`;
    },
  },
  {
    name: 'refusals-are-braked',
    text: 'A candidate that gets all requests and refuses more of them than the limit that is made from the stable version is braked within ticks of the proof.',
    breach: ({ url, refusedAlone }) =>
      refusedAlone !== undefined && refusedAlone.nats > PROOF_REFUSED_NATS
        ? `version ${refusedAlone.version} had refused ${Math.round(refusedAlone.failed)} requests too many on ${url} some ticks ago, of those that count`
        : undefined,
  },
  {
    name: 'no-more-than-the-stage',
    text: 'A candidate never has a larger share of a host than the ledger gave it, up to two leases and, where its agent was away, its first look.',
    breach: ({ url, candidate }) =>
      candidate !== undefined && candidate.percent > candidate.allowed
        ? `${url} gives version ${candidate.version} ${candidate.percent} %, the ledger ${candidate.allowed} %`
        : undefined,
  },
];
