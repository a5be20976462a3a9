import type { CliCommand, CliOption } from './command.ts';

/** All commands, a line each. */
export function describeCommands(commands: readonly CliCommand[]): readonly string[] {
  const width = Math.max(...commands.map((command) => invocation(command).length));
  return [
    'trainyard COMMAND: what can be known, made and told of a repository before its next push.',
    '',
    ...commands.map((command) => `  ${invocation(command).padEnd(width)}  ${command.summary}`),
    '',
    'trainyard COMMAND --help lists what a command takes.',
  ];
}

/** One command and its options. */
export function describeCommand(command: CliCommand): readonly string[] {
  const rows = Object.entries(command.options).map(
    ([name, option]) => [shownOption(name, option), option] as const,
  );
  const width = Math.max(0, ...rows.map(([shown]) => shown.length));
  return [
    `trainyard ${invocation(command)}: ${command.summary}`,
    ...(rows.length === 0 ? [] : ['']),
    ...rows.map(([shown, { help, default: fallback }]) => {
      const told = fallback === undefined ? '' : ` (${fallback})`;
      return `  ${shown.padEnd(width)}  ${help}${told}`;
    }),
  ];
}

/** A command as it is written, with its words. */
export function invocation({ name, words }: CliCommand): string {
  return words === undefined ? name : `${name} ${words}`;
}

/** An option as it is written, with its value. */
export function shownOption(name: string, { value, multiple }: CliOption): string {
  return `--${name}${value === undefined ? '' : ` ${value}`}${multiple ? ' …' : ''}`;
}
