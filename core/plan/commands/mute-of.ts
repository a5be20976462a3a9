import { addSeconds, type Instant } from '../../instant.ts';
import { DEFAULT_MUTE_SECONDS } from '../../ledger/mutes/mute.ts';
import type { PlannedOperation } from '../hand-over.ts';
import type { ParsedCommand } from './parse-command.ts';

/** Which finding a command is about and, where it mutes, until when, if it is said at `saidAt`. */
export function muteOf(
  { command, finding, seconds = DEFAULT_MUTE_SECONDS }: ParsedCommand,
  saidAt: Instant,
): Pick<PlannedOperation, 'finding' | 'until'> {
  if (finding === undefined) return {};
  return { finding, ...(command.name === 'mute' && { until: addSeconds(saidAt, seconds) }) };
}
