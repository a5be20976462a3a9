import type { CliCommand } from './command.ts';
import { auditCommand } from './commands/audit.ts';
import { checkCommand } from './commands/check.ts';
import { doctorCommand } from './commands/doctor.ts';
import { hostCommand } from './commands/host.ts';
import { initCommand } from './commands/init.ts';
import { labelsCommand } from './commands/labels.ts';
import { replayCommand } from './commands/replay.ts';
import { sandboxCommand } from './commands/sandbox.ts';
import { statusCommand } from './commands/status.ts';
import { topCommand } from './commands/top.ts';
import { whyCommand } from './commands/why.ts';

/** All commands, in the order in which a repository needs them. */
export const COMMANDS: readonly CliCommand[] = [
  initCommand,
  checkCommand,
  doctorCommand,
  hostCommand,
  sandboxCommand,
  labelsCommand,
  topCommand,
  statusCommand,
  whyCommand,
  replayCommand,
  auditCommand,
];
