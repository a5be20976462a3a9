import type { Config } from '../../config/config.ts';
import { type Block, type Report, tableOfFacts } from '../../report/report.ts';
import type { Models } from '../commands/address-command.ts';
import { COMMANDS, type Command, DRY_RUN } from '../commands/command-table.ts';

/** All commands, from the table that the parser reads too, and what of the configuration they can be given. */
export function answerHelp(config: Config, { all }: Pick<Models, 'all'>): Report {
  const { model, environments, commands } = config;
  const names = Object.keys(environments);
  const rows = [
    ...COMMANDS.map((command) => [command.usage, describeCommand(command, config)] as const),
    [`/${DRY_RUN} …`, 'Before any of these: say what it would do, and do nothing.'] as const,
  ];
  return {
    sign: 'help',
    about: model,
    blocks: [
      headline('Write one of these as a comment on a pull request or an issue.'),
      tableOfFacts([
        ...(all.length > 1
          ? [['models', `${all.join(', ')}: one is named right after the command`] as const]
          : []),
        ['environments', names.length === 0 ? 'none' : names.join(', ')],
        ['who may', [...commands.allow, ...commands.users].join(', ')],
      ]),
      { kind: 'heading', text: 'Commands' },
      {
        kind: 'table',
        columns: ['command', 'does'],
        rows: rows.map(([usage, does]) => [[{ kind: 'code', text: usage }], does]),
      },
      ...describeParameters(config),
    ],
  };
}

function describeCommand({ name, does }: Command, { search }: Config): string {
  if (name !== 'tune' || search !== undefined) return does;
  return `${does} It needs \`search\` in trainyard.yml, which has none.`;
}

function describeParameters({ project, search }: Config): readonly Block[] {
  const own = Object.entries(project.parameters).map(([name, value]) => [name, String(value)]);
  const ofSearch =
    search === undefined
      ? []
      : (['trials', 'jobs'] as const)
          .filter((name) => !Object.hasOwn(project.parameters, name))
          .map((name) => [`${name} (only /tune)`, String(search[name])]);
  const rows = [...own, ...ofSearch];
  if (rows.length === 0) return [];
  return [
    { kind: 'heading', text: 'Parameters' },
    { kind: 'paragraph', text: 'What `name=value` can set, and what each is without it.' },
    { kind: 'table', columns: ['parameter', 'value'], rows },
  ];
}

function headline(text: string): Block {
  return { kind: 'paragraph', text: [{ kind: 'strong', text }] };
}
