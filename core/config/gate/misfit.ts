import { type Err, err } from '../../result.ts';
import type { CrossProblem } from '../cross-problem.ts';
import type { RawGateEntry } from '../schema/gate.ts';

/** A key of one entry of the gate, or the entry as a whole. */
type EntryPlace = keyof RawGateEntry | undefined;

/** What is wrong between the keys of one entry, at its place. */
export function misfitOf(place: EntryPlace, message: string, remedy: string): CrossProblem {
  return { code: 'gate-rule', path: place === undefined ? [] : [place], message, remedy };
}

/** The same as the only answer to an entry. */
export function misfit(place: EntryPlace, message: string, remedy: string): Err<readonly CrossProblem[]> {
  return err([misfitOf(place, message, remedy)]);
}
