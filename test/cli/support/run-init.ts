import { COMMANDS } from '../../../cli/commands.ts';
import { readCommand } from '../../../cli/read-command.ts';
import { ROOT } from '../../../sandbox/checkout.ts';

/** The repository before anybody heard of Trainyard. */
export const BEFORE = {
  'trainyard.yml': undefined,
  '.github/workflows/trainyard.yml': undefined,
  '.github/workflows/trainyard-monitor.yml': undefined,
};
/** What `init` has to be told of it. */
export const ARGS = [
  '--model',
  'flats',
  '--parameter',
  'rate=0.05',
  '--target',
  'price',
  '--id',
  'flat',
  '--host',
  'https://serve-1:9443',
];

/** Runs `trainyard init` there, and gives its exit code and what it said. */
export async function runInit(
  folder: string,
  args: readonly string[] = ARGS,
  env: Readonly<Record<string, string>> = {},
) {
  const lines: string[] = [];
  const print = {
    line: (text: string) => lines.push(text),
    trouble: (text: string) => lines.push(text),
    annotate: () => undefined,
  };
  const asked = readCommand(['init', ...args], COMMANDS);
  if (asked.kind !== 'run') throw new Error('It asks for help.');
  const code = await asked.command.run(asked.given, { root: ROOT, cwd: folder, env, print });
  return { code, lines };
}
