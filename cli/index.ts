import './fill-language.ts';
import { fileURLToPath } from 'node:url';
import { formatProblem, messageOf, ServiceError, UserError } from '../core/errors.ts';
import { VERSION } from '../core/version.ts';
import { COMMANDS } from './commands.ts';
import { createPrinter, createTerminal } from './print.ts';
import { readCommand } from './read-command.ts';
import type { Surroundings } from './surroundings.ts';
import { describeCommand, describeCommands } from './usage.ts';

/** Runs a command line and gives the exit code: 0 all is well, 1 something is not, 2 it was not understood. `root` is this package's folder. */
export async function runCli(argv: readonly string[], root: URL): Promise<number> {
  const { env } = process;
  const print = createPrinter(env);
  const world: Surroundings = {
    ...{ root: fileURLToPath(root), cwd: process.cwd(), env, print },
    terminal: createTerminal(),
  };
  try {
    const asked = readCommand(argv, COMMANDS);
    switch (asked.kind) {
      case 'version':
        print.line(VERSION);
        return 0;
      case 'help': {
        const lines =
          asked.command === undefined ? describeCommands(COMMANDS) : describeCommand(asked.command);
        for (const line of lines) print.line(line);
        return 0;
      }
      case 'run':
        return await asked.command.run(asked.given, world);
    }
  } catch (thrown) {
    return tell(thrown, world);
  }
}

function tell(thrown: unknown, { print }: Surroundings): number {
  if (thrown instanceof UserError) {
    for (const problem of thrown.problems) print.trouble(`trainyard: ${formatProblem(problem)}`);
    return thrown.problems.some(({ code }) => code === 'usage') ? 2 : 1;
  }
  print.trouble(`trainyard: ${messageOf(thrown)}`);
  if (thrown instanceof ServiceError) return 1;
  print.trouble('This is a defect of Trainyard; please report it with the lines below.');
  for (const line of (thrown instanceof Error ? (thrown.stack ?? '') : '').split('\n')) print.trouble(line);
  return 1;
}
