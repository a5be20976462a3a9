import type { Checked } from '../../core/check/checked.ts';
import type { Config } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { type CliCommand, CONFIG_OPTION, LOOK_OPTIONS } from '../command.ts';
import { lookAtGitHub } from '../doctor/look-at-github.ts';
import { lookAtHosts } from '../doctor/look-at-hosts.ts';
import { lookAtLabels } from '../doctor/look-at-labels.ts';
import { lookAtMlflow } from '../doctor/look-at-mlflow.ts';
import { lookAtRunner } from '../doctor/look-at-runner.ts';
import { readPolicy } from '../ledger/read-policy.ts';
import { showChecked } from '../show-checked.ts';
import type { Surroundings } from '../surroundings.ts';

type Asked = { readonly file: string; readonly python: string };
type Look = (config: Config, surroundings: Surroundings, asked: Asked) => Promise<readonly Checked[]>;

/** What can be looked at, from where it runs. */
const LOOKS: Readonly<Record<string, Look>> = {
  runner: (_, surroundings, { python }) => lookAtRunner(python, surroundings),
  mlflow: lookAtMlflow,
  hosts: lookAtHosts,
  github: async (config, surroundings, { file }) => [
    ...(await lookAtGitHub(config, surroundings)),
    ...(await lookAtLabels(file, surroundings)),
  ],
};

/** `trainyard doctor`. */
export const doctorCommand: CliCommand = {
  name: 'doctor',
  summary: 'Looks, from where it runs, at the runner, MLflow, the hosts and the settings of the repository.',
  words: '[runner|mlflow|hosts|github]',
  options: {
    ...CONFIG_OPTION,
    ...LOOK_OPTIONS,
  },
  run: async (given, surroundings) => {
    const file = given.text('config') ?? CONFIG_OPTION.config.default;
    const config = await readPolicy(surroundings, file);
    const names = given.words.length === 0 ? Object.keys(LOOKS) : given.words;
    const python = given.text('python') ?? LOOK_OPTIONS.python.default;
    const checked: Checked[] = [];
    for (const name of names) {
      const look = LOOKS[name];
      if (look === undefined) throw unknown(name);
      checked.push(...(await look(config, surroundings, { file, python })));
    }
    return showChecked(checked, { print: surroundings.print, asJson: given.flag('json') });
  },
};

function unknown(name: string): UserError {
  const remedy = `Name one of ${Object.keys(LOOKS).join(', ')}, or nothing for all.`;
  return new UserError([{ code: 'usage', message: `The doctor has no look at ${name}.`, remedy }]);
}
