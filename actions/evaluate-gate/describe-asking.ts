import type { ModelsPolicy } from '../../core/config/config.ts';
import { describeAnswers } from '../../core/gate/describe-answers.ts';
import { describeEnvironment } from '../../core/gate/model-environment.ts';
import type { Judgement } from './to-gate-input.ts';

/** How the challenger’s answers were read, and what both predicted in, where that says something of their answers; and a champion that was not asked. */
export function describeAsking(
  models: ModelsPolicy,
  { challenger, champion, other }: Pick<Judgement, 'challenger' | 'champion' | 'other'>,
): readonly string[] {
  const isStored = champion !== undefined && models.champion === 'stored';
  return [
    ...describeAnswers(challenger.answers),
    ...describeEnvironment('The challenger', challenger.environment),
    ...(other === undefined ? [] : describeEnvironment('The champion', other.environment)),
    ...(isStored
      ? [
          `The champion, v${champion.version}, was not asked (models.champion: stored): it is judged by its predictions on this holdout that the ledger names (${other?.digest ?? ''}).`,
        ]
      : []),
  ];
}
