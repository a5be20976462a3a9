import { parseCommand } from './parse-command.ts';

/** Whether a comment asks for something that makes safe: to take back, to hold or to freeze, and not only what that would do. */
export function makesSafe(body: string): boolean {
  const parsed = parseCommand(body);
  return parsed.kind === 'command' && parsed.command.effect === 'guards' && !parsed.dryRun;
}
