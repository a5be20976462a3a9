import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../../adapters/run-command.ts';
import { UserError } from '../../core/errors.ts';
import { type GitHubCommand, typed } from '../../core/init/settings.ts';
import type { Printer } from '../surroundings.ts';

const TIMEOUT_MS = 60_000;

/** Runs the commands in the checkout, one after the other, and says how each went. Gives how many failed. */
export async function applySettings(
  root: string,
  commands: readonly GitHubCommand[],
  print: Printer,
): Promise<number> {
  const status = await gh(root, { args: ['auth', 'status'] });
  if (status.code !== 0) {
    throw new UserError([
      {
        code: 'not-logged-in',
        message: 'The GitHub CLI is not logged in.',
        remedy: 'Run `gh auth login`, then this again.',
      },
    ]);
  }
  let failed = 0;
  for (const command of commands) {
    const { code, stderr } = await gh(root, command);
    if (code !== 0) failed += 1;
    print.line(code === 0 ? `done     ${typed(command)}` : `error    ${typed(command)}: ${stderr.trim()}`);
  }
  return failed;
}

async function gh(root: string, { args, from, input }: GitHubCommand) {
  const read = from === undefined ? input : await readFile(path.join(root, from), 'utf8');
  return runCommand({
    ...{ command: 'gh', args, cwd: root, env: process.env, timeoutMs: TIMEOUT_MS },
    ...(read !== undefined && { input: read }),
  });
}
