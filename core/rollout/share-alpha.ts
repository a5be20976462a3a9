/** What each decider of a rollout may spend of the rollout's alpha. */
export type AlphaShares = {
  /** `deploy`, which judges all hosts together. */
  readonly deploy: number;
  /** Each host, which brakes by itself on what it has seen alone. */
  readonly host: number;
};

/**
 * Shares a rollout's alpha out among those who may take its candidate back: half to `deploy`, half to the hosts in equal parts.
 *
 * Claim: an equal candidate is taken back, by whomever, in at most a share `alpha` of rollouts.
 * Assumes: each decider keeps its own share; they may depend on each other in any way (the union bound).
 * Reference: Bonferroni; the evidence of `deploy` has all requests, so it gets as much as all hosts together.
 * Vector: test/core/rollout/share-alpha.test.ts; measure/simulate/rollout.ts, row 1 of docs/decisions.md.
 */
export function shareAlpha(alpha: number, hosts: number): AlphaShares {
  return { deploy: alpha / 2, host: alpha / (2 * Math.max(1, hosts)) };
}
