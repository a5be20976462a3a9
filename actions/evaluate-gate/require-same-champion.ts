import { UserError } from '../../core/errors.ts';
import type { VersionState } from '../../core/ledger/state.ts';
import type { GateRequest } from './gate-context.ts';

/** The champion of the plan, which was predicted with; it must be who serves now. */
export function requireSameChampion({ plan }: GateRequest, champion: VersionState | undefined): void {
  if (champion?.version === plan.champion?.version) return;
  const name = (version: string | undefined) => (version === undefined ? 'nothing' : `version ${version}`);
  throw new UserError([
    {
      code: 'champion-changed',
      message: `${name(champion?.version)} serves now, and ${name(plan.champion?.version)} was predicted with.`,
      remedy: 'Run all jobs of this workflow again: plan then names who serves.',
    },
  ]);
}
