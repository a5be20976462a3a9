import { check } from '../check/check.ts';
import { tellJob } from '../check/tell-job.ts';
import { type CliCommand, CONFIG_OPTION, LOOK_OPTIONS } from '../command.ts';
import { showChecked } from '../show-checked.ts';

/** `trainyard check`. */
export const checkCommand: CliCommand = {
  name: 'check',
  summary: 'Says what a push would fail on: configuration, project, data, metrics and workflows.',
  options: {
    ...CONFIG_OPTION,
    branch: { type: 'string', value: 'NAME', help: 'The default branch, where origin does not say.' },
    model: {
      type: 'string',
      value: 'URI',
      help: 'Model that predicts the holdout as the gate will have it: runs:/…, models:/…, or `last` for the newest run’s.',
    },
    ...LOOK_OPTIONS,
    comment: {
      type: 'boolean',
      help: 'In a job of a pull request: keep one comment with what is wrong. GITHUB_TOKEN has to be set for it.',
    },
  },
  run: async (given, world) => {
    const { cwd, env, root, print } = world;
    const branch = given.text('branch');
    const file = given.text('config') ?? CONFIG_OPTION.config.default;
    const model = given.text('model');
    const python = given.text('python') ?? LOOK_OPTIONS.python.default;
    const asks = model === undefined ? {} : { asks: { model, python, onLine: print.trouble } };
    const checked = await check({
      folder: cwd,
      file,
      env,
      root,
      ...asks,
      ...(branch !== undefined && { branch }),
    });
    await tellJob({ checked, file, comments: given.flag('comment') }, world);
    return showChecked(checked, { print, asJson: given.flag('json') });
  },
};
