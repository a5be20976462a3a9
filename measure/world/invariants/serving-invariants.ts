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
  /** Requests that a candidate has failed since its rollout began while the agent could act, and how many are borne. */
  readonly harm: { readonly version: string; readonly failed: number; readonly bound: number } | undefined;
  /** The share of requests a candidate gets, and the largest the ledger has allowed lately, in percent. */
  readonly candidate:
    | { readonly version: string; readonly percent: number; readonly allowed: number }
    | undefined;
};

/** An agent looks every tick, may miss one, and a server that has gone is seen and replaced in two more. */
const LONGEST_DOWN_MS = 30_000;

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
    text: 'No request goes to a version that the ledger has taken back, beyond two leases and a tick.',
    breach: ({ url, takenBack }) =>
      takenBack !== undefined && takenBack.forMs > takenBack.boundMs
        ? `${url} has given requests to version ${takenBack.version} for ${takenBack.forMs / 1_000} s after it was taken back`
        : undefined,
  },
  {
    name: 'harm-is-braked',
    text: 'A candidate that fails its requests is braked after a bounded number of them.',
    breach: ({ url, harm }) =>
      harm !== undefined && harm.failed > harm.bound
        ? `version ${harm.version} has failed ${harm.failed} requests on ${url}, where ${Math.round(harm.bound)} prove it`
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
