import type { Command } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { initCommand } from './commands/init.ts';

/** All commands, in the order in which a repository needs them. */
export const COMMANDS: readonly Command[] = [initCommand, checkCommand];
