import { LEDGER_BRANCH } from '../../core/names.ts';
import type { LineKeys } from '../signing/line-keys.ts';
import type { PlacedLine } from './follow-chain.ts';
import type { LedgerReading } from './read-ledger.ts';

/**
 * What in a ledger deserves a look and stops nothing: events of kinds that a newer version wrote, lines of times that have not come, and
 * lines believed without a signature.
 */
export function findWarnings({ state, unsigned, early }: LedgerReading, keys: LineKeys): readonly string[] {
  const kinds = Object.entries(state.unknown).map(([kind, events]) => `${kind} (${events})`);
  const unknown =
    kinds.length === 0
      ? []
      : [
          `The ledger of ${state.model} holds events that only a newer version of Trainyard knows; they move nothing here: ${kinds.join(', ')}.`,
        ];
  const seen = early === undefined ? unknown : [...unknown, describeEarly(early)];
  return keys.isSigned === undefined ? seen : [...seen, ...unsigned.map(describeUnsigned)];
}

function describeUnsigned({ path, line: { number, event } }: PlacedLine): string {
  return `${LEDGER_BRANCH}:${path}:${number} (${JSON.stringify(event.id)}) is not signed, and lines before it are. A job without the key took back, or somebody who may push to the branch wrote it: \`git log ${LEDGER_BRANCH}\` says who.`;
}

function describeEarly({ path, line: { number, event } }: PlacedLine): string {
  return `${LEDGER_BRANCH}:${path}:${number} (${JSON.stringify(event.id)}) says ${event.at}, which has not come: the clock of the runner that wrote it is wrong, or somebody else wrote it.`;
}
