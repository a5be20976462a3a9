import type { Problem } from '../errors.ts';
import { hasServed } from '../ledger/read-rollback.ts';
import { environmentOf, type LedgerState, lookUp } from '../ledger/state.ts';

/** What stands against a return to a version, and what to do about it. */
export type ReturnBar = Problem & { readonly code: 'is-candidate' | 'never-served' | 'gate-not-passed' };

type Return = { readonly environment: string; readonly version: string };

/**
 * Why there is no return to that version there on this state. A return has no gate, no canary and no approval, so it leads only to what
 * was promoted in that very environment and whose last verdict still is a pass; and never to the candidate, which is what most people
 * mean to be rid of. To end a rollout by naming the champion that it would replace is always open.
 */
export function findReturnBar(state: LedgerState, { environment, version }: Return): ReturnBar | undefined {
  const here = environmentOf(state, environment);
  const { champion, rollout, previous } = here;
  if (rollout?.version === version) {
    return {
      code: 'is-candidate',
      message: `Version ${version} is the candidate of the open rollout in ${environment} (${rollout.percent} %): to return to it would give it everything.`,
      remedy: `Did you mean \`/rollback ${environment}\`, which takes it back? \`/promote ${environment}\` gives it everything.`,
    };
  }
  if (champion?.version === version) return undefined;
  if (!hasServed(here, version)) {
    return {
      code: 'never-served',
      message: `Version ${version} has never served ${environment}, so there is no return to it.`,
      remedy: `Roll it out with \`/deploy v${version} ${environment}\`.`,
    };
  }
  const verdict = lookUp(state.versions, version)?.gate?.verdict;
  if (verdict === 'pass') return undefined;
  const before = previous?.version === version && rollout === undefined;
  return {
    code: 'gate-not-passed',
    message:
      verdict === undefined
        ? `Version ${version} has not been judged, and a return has no gate of its own.`
        : `Version ${version} was judged again, and its gate says ${verdict} now.`,
    remedy: before
      ? `\`/rollback ${environment}\` without a version returns to what served before; or name another version.`
      : 'Name another version; `/status` lists what served.',
  };
}
