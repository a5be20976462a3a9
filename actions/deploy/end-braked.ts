import type { Environment } from '../../core/config/config.ts';
import { findOverdue } from '../../core/rollout/find-overdue.ts';
import type { Fleet } from './hosts/fleet.ts';
import type { Journal } from './journal.ts';
import { type DeployOutcome, openOutcome, withReport } from './outcomes.ts';
import { type Brakes, explainBrake } from './rollout/brakes.ts';
import type { Conclude } from './rollout/conclude.ts';
import type { Endings } from './rollout/end.ts';
import type { Memory } from './rollout/memory.ts';

/** What the end of a rollout on the report of a brake needs. */
export type BrakedPorts = {
  readonly journal: Pick<Journal, 'read' | 'environment'>;
  readonly fleet: Pick<Fleet, 'away'>;
  readonly brakes: Pick<Brakes, 'ask'>;
  readonly endings: Pick<Endings, 'rollBack'>;
  readonly memory: Pick<Memory, 'rememberUnwatched'>;
  readonly conclude: Conclude;
};

/** What a host has said of its brake: of which rollout, and why. */
export type BrakeReport = { readonly rollout: string | undefined; readonly reason: string | undefined };

/**
 * Ends the open rollout where a host has braked it, or its time is over. It raises nothing and renews no lease, so nobody has to approve
 * of it: any other rollout stays as it is. Where a host can't be asked, its report is believed.
 */
export async function endBraked(
  { journal, fleet, brakes, endings, memory, conclude }: BrakedPorts,
  { rollout: braked, reason = '' }: BrakeReport,
  settings: Pick<Environment, 'rollout'>,
): Promise<DeployOutcome> {
  const { at, here } = await journal.read();
  const { rollout } = here;
  // The job may have waited: what was reported of one rollout says nothing of the next.
  const isMeant = braked === undefined || rollout?.id === braked;
  if (rollout === undefined || !isMeant) return conclude(braked);
  const brake = await brakes.ask(rollout.id);
  const silent = fleet.away().map(({ url }) => url);
  const overdue = findOverdue(rollout, settings.rollout, at);
  if (brake === undefined && overdue === undefined && silent.length === 0) {
    const explanation = 'A brake was reported, and no host brakes: nothing was changed.';
    return openOutcome(journal.environment, rollout, withReport('in-progress', explanation));
  }
  const unheard = `A brake was reported, and ${silent.join(', ')} can't be asked. ${reason}`.trim();
  const late = overdue ?? { code: 'braked', explanation: unheard };
  const reasons = brake === undefined ? withReport(late.code, late.explanation) : explainBrake(brake);
  const ended = await endings.rollBack(rollout, reasons);
  if (ended.kind === 'overtaken') return conclude(rollout.id);
  await memory.rememberUnwatched(rollout);
  return ended.outcome;
}
