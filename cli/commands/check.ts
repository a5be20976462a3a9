import { check } from '../check/check.ts';
import { type CliCommand, CONFIG_OPTION } from '../command.ts';
import { showChecked } from '../show-checked.ts';

/** `trainyard check`. */
export const checkCommand: CliCommand = {
  name: 'check',
  summary: 'Says what a push would fail on: configuration, project, data, metrics and workflows.',
  options: {
    ...CONFIG_OPTION,
    branch: { type: 'string', value: 'NAME', help: 'The default branch, where origin does not say.' },
    json: { type: 'boolean', help: 'One JSON object in place of lines.' },
  },
  run: async (given, world) => {
    const { cwd, env, root, print } = world;
    const branch = given.text('branch');
    const file = given.text('config') ?? CONFIG_OPTION.config.default;
    const checked = await check({ folder: cwd, file, env, root, ...(branch !== undefined && { branch }) });
    return showChecked(checked, { print, asJson: given.flag('json') });
  },
};
