import type { Problem } from '../errors.ts';
import { type Instant, isBefore } from '../instant.ts';
import { environmentOf, type LedgerState, lookUp, type RolloutOutcome } from './state.ts';

/** Ends of a rollout for which neither the candidate nor a person's word was the reason. */
const BLAMELESS: ReadonlySet<string> = new Set([
  'deadline-passed',
  'hold-expired',
  'frozen',
  'locked',
  'other-champion',
  'host-serves-other',
  'host-unasked',
]);

/** What stands against the start of a rollout, and what to do about it. */
export type StartBar = Problem & { readonly code: 'judged-against-other' | 'taken-back' };

type Start = {
  readonly environment: string;
  readonly version: string;
  /** When a person named this version; absent where the chain or the newest was meant. */
  readonly namedAt: Instant | undefined;
};

/**
 * Why a rollout of that version may not begin there on this state. A version replaces only the champion that its gate compared it
 * with. One that was taken back begins again only when a person names it after that: no report, no job run again and no `/deploy`
 * that leaves the version open does it.
 */
export function findStartBar(state: LedgerState, start: Start): StartBar | undefined {
  return findOtherChampion(state, start) ?? findTakenBack(state, start);
}

function findOtherChampion(state: LedgerState, { environment, version }: Start): StartBar | undefined {
  const serving = environmentOf(state, environment).champion?.version;
  const judgedAgainst = lookUp(state.versions, version)?.gate?.champion;
  if (serving === undefined || serving === version || serving === judgedAgainst) return undefined;
  const other = judgedAgainst === undefined ? 'nothing' : `version ${judgedAgainst}`;
  return {
    code: 'judged-against-other',
    message: `Version ${version} was judged against ${other}, and version ${serving} serves ${environment}.`,
    remedy: `Let the gate judge it anew: run all jobs of its training again, or /train. If it served here before, /rollback v${version} returns to it.`,
  };
}

function findTakenBack(state: LedgerState, { environment, version, namedAt }: Start): StartBar | undefined {
  const { history } = environmentOf(state, environment);
  // What ended without blame says nothing of the harm before it.
  const last = history.findLast((one) => one.version === version && !isBlameless(one));
  if (last?.outcome !== 'rolled-back') return undefined;
  if (namedAt !== undefined && !isBefore(namedAt, last.at)) return undefined;
  return {
    code: 'taken-back',
    message: `Version ${version} was taken back from ${environment} at ${last.at} (${last.code ?? 'no code'}): ${last.explanation}`,
    remedy: `Mend it and train again. Only a person's word begins it again: /deploy v${version}.`,
  };
}

function isBlameless({ outcome, code }: RolloutOutcome): boolean {
  return outcome === 'rolled-back' && BLAMELESS.has(code ?? '');
}
