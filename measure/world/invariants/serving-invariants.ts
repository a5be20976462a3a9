import type { ProvenHarm } from './harm-sum.ts';
import type { Invariant } from './invariant.ts';

/** What a host does with requests, summed as long as it goes on. Times in ms. */
export type HostServing = {
  readonly url: string;
  /** For how long requests have failed, most of them, while the champion's server was up and the agent could act. */
  readonly downMs: number;
  /** A version that the ledger has taken back, and for how long it has got requests since although the host could know. */
  readonly takenBack:
    | { readonly version: string; readonly forMs: number; readonly boundMs: number }
    | undefined;
  /** What a candidate has done that its agent had the time to see. */
  readonly harm: ({ readonly version: string } & ProvenHarm) | undefined;
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

/** What each host has to keep while it serves. */
export const SERVING_INVARIANTS: readonly Invariant<HostServing>[] = [
  {
    name: 'healthy-champion-serves',
    text: 'While the champion is healthy on a host, requests are answered there, up to the few ticks it takes to see what fails.',
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
    breach: ({ url, harm }) =>
      harm !== undefined && harm.failed > PROOF_FAILED && harm.nats > PROOF_NATS
        ? `version ${harm.version} had failed ${Math.round(harm.failed)} requests too many on ${url} some ticks ago, where ${PROOF_FAILED} prove it`
        : undefined,
  },
  {
    name: 'no-more-than-the-stage',
    text: 'A candidate never has a larger share of a host than the ledger gave it.',
    breach: ({ url, candidate }) =>
      candidate !== undefined && candidate.percent > candidate.allowed
        ? `${url} gives version ${candidate.version} ${candidate.percent} %, the ledger ${candidate.allowed} %`
        : undefined,
  },
];
