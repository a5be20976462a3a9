import { isAfter } from '../../instant.ts';

/** A finding that a person lets the monitor pass over for a time: which, until when, since when, by whose word and why. */
export type Mute = {
  readonly code: string;
  readonly until: string;
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
};

/** How long a finding is muted where nobody says, and at most, in s. */
export const DEFAULT_MUTE_SECONDS = 7 * 86_400;
export const MOST_MUTE_SECONDS = 90 * 86_400;
/** The longest reason. */
export const MAX_MUTE_REASON = 300;

/** Those mutes of an environment that still hold at that moment, in the order in which they were said. */
export function mutesAt(
  { mutes = [] }: { readonly mutes?: readonly Mute[] | undefined },
  now: string,
): readonly Mute[] {
  return mutes.filter(({ until }) => isAfter(until, now));
}
