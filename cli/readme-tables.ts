import { COMMANDS } from './commands.ts';
import { invocation, shownOption } from './usage.ts';

/** The commands and their options as Markdown, from the table that the command line is read by. */
export function commandTables(): string {
  const commands = COMMANDS.map((command) => `| \`trainyard ${invocation(command)}\` | ${command.summary} |`);
  const options = COMMANDS.flatMap(({ name, options: own }) =>
    Object.entries(own).map(([key, option]) => {
      const fallback = option.default === undefined ? '' : `\`${option.default}\``;
      return `| \`${name}\` | \`${shownOption(key, option)}\` | ${option.help} | ${fallback} |`;
    }),
  );
  return [
    ...['| Command | What it does |', '| --- | --- |', ...commands, ''],
    ...['| Command | Option | What it is | Default |', '| --- | --- | --- | --- |', ...options],
  ].join('\n');
}
