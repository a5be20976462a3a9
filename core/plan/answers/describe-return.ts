import { readRollback } from '../../ledger/read-rollback.ts';
import type { EnvironmentState } from '../../ledger/state.ts';
import type { PlannedOperation } from '../hand-over.ts';

type Fact = readonly [string, string];

/** From which version to which a rollback takes the traffic. */
export function describeReturn({ version, word }: PlannedOperation, here: EnvironmentState): readonly Fact[] {
  const { rollout, champion } = here;
  const serving: Fact = ['from', `version ${champion?.version}, which serves`];
  const open: Fact = ['from', `version ${rollout?.version}, at ${rollout?.percent} %`];
  if (version !== undefined) {
    const from = rollout !== undefined ? [open] : champion !== undefined ? [serving] : [];
    return [...from, ['to', `version ${version}`]];
  }
  const meaning = readRollback(here, word?.at);
  switch (meaning.kind) {
    case 'end': {
      const { stable } = meaning.rollout;
      return [
        open,
        ['to', stable === undefined ? 'nothing: it is the first version there' : `version ${stable}`],
      ];
    }
    case 'return':
      return [serving, ['to', `version ${meaning.to}`]];
    case 'done':
      return [
        [
          'to',
          `nothing else: version ${meaning.last.version} was ${meaning.last.outcome} at ${meaning.last.at}`,
        ],
      ];
    case 'nothing-before':
      return [];
  }
}
