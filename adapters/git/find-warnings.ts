import type { LedgerState } from '../../core/ledger/state.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import type { LineKeys } from '../signing/line-keys.ts';
import type { PlacedLine } from './follow-chain.ts';
import type { LedgerReading } from './read-ledger.ts';

/**
 * What in a ledger deserves a look and stops no reading: a beginning that nobody signed, events of kinds that a newer version wrote, lines of times that have not come, and
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
  if (keys.isSigned === undefined) return seen;
  return [...describeBeginning(state), ...seen, ...unsigned.map(describeUnsigned)];
}

function describeBeginning(state: LedgerState): readonly string[] {
  const { model, origin } = state;
  if (origin?.beginning === undefined) return [];
  const { events, runs } = origin.beginning;
  const serving = Object.entries(state.environments).flatMap(([environment, { champion }]) =>
    champion !== undefined && runs.has(state.versions[champion.version]?.runId ?? '')
      ? [`${environment} (version ${champion.version})`]
      : [],
  );
  // It is not taken away: else whoever adds a key would stop what serves. Hosts with trusted keys start nothing that none has signed.
  const resting =
    serving.length === 0
      ? ''
      : ` What serves ${serving.join(', ')} rests on them, and serves on until another version is promoted.`;
  return [
    `The first ${events} events of the ledger of ${model} are not signed: they are of the time before the key, or somebody else wrote them. What they passed is rolled out only where a person names the version (/deploy v…), and no rollout that they began goes on.${resting}`,
  ];
}

function describeUnsigned({ path, line: { number, event } }: PlacedLine): string {
  return `${LEDGER_BRANCH}:${path}:${number} (${JSON.stringify(event.id)}) is not signed, and lines before it are. A job without the key took back, or somebody who may push to the branch wrote it: \`git log ${LEDGER_BRANCH}\` says who.`;
}

function describeEarly({ path, line: { number, event } }: PlacedLine): string {
  return `${LEDGER_BRANCH}:${path}:${number} (${JSON.stringify(event.id)}) says ${event.at}, which has not come: the clock of the runner that wrote it is wrong, or somebody else wrote it.`;
}
