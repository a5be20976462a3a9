import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findBranch, findCheckout } from '../../adapters/git/describe-checkout.ts';
import { optional } from '../../core/config/optional.ts';
import { UserError } from '../../core/errors.ts';
import { modelNameSchema } from '../../core/identity/model-name.ts';
import type { Filling } from '../../core/init/fill-workflow.ts';
import type { InitialSetup } from '../../core/init/initial-setup.ts';
import { settingsOf, typed } from '../../core/init/settings.ts';
import { COMMAND_LINE, DEFAULT_CONFIG_FILE } from '../../core/names.ts';
import type { Given } from '../command.ts';
import type { Surroundings } from '../surroundings.ts';
import { applySettings } from './apply-settings.ts';
import { type Composed, composeFiles, findUnnamed } from './compose-files.ts';
import { findHoldout } from './find-holdout.ts';
import { findProject } from './find-project.ts';
import { makeSecrets } from './make-secrets.ts';
import { showDifference } from './show-difference.ts';

/** Makes of a repository with an MLflow Project and a table of held-out examples one that Trainyard works on. Gives the exit code. */
export async function init(given: Given, { cwd, root, env, print }: Surroundings): Promise<number> {
  const folder = await findCheckout(cwd);
  if (folder === undefined) {
    const remedy = 'Run `git init` first: everything that follows is about commits.';
    throw new UserError([{ code: 'no-repository', message: `${cwd} is in no git repository.`, remedy }]);
  }
  const config = given.text('config') ?? DEFAULT_CONFIG_FILE;
  const answers = await answer(folder, given);
  const filling = await fill(folder, given, config);
  const templates = path.join(root, 'workflows-templates');
  const files = composeFiles(folder, { answers, filling, config, templates });
  const changed = files.filter(({ now, text }) => now !== text);
  if (!given.flag('force') && files.some(isOther)) return showAll(changed, print);
  for (const { file, text } of changed) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
    print.line(`written  ${file}`);
  }
  const unnamed = findUnnamed(folder);
  for (const name of unnamed.names) print.line(`left     ${unnamed.file} as it is: it lacks ${name}=`);
  const { made, lacking } = makeSecrets(folder);
  for (const file of made) print.line(`made     ${file} (readable by you alone; git ignores it)`);
  for (const { file, beside } of lacking)
    print.line(
      `left     ${file} is not there, and a new one would not fit ${beside}: move both away for new ones.`,
    );
  const environments = answers.hosts.length === 0 ? [] : ['production'];
  const settings = settingsOf(environments, env['MLFLOW_TRACKING_URI']);
  if (given.flag('apply')) return (await applySettings({ folder, env, print }, settings)) > 0 ? 1 : 0;
  const next = [
    'Settings of the repository, by the GitHub CLI. A command replaces what is set, also keys that hosts go by: --apply runs those of what is not.',
    ...settings.map(({ command }) => `  ${typed(command)}`),
    `Each serving host gets .trainyard/secrets/tokens and .trainyard/secrets/signing.pub. Then: ${COMMAND_LINE} check`,
  ];
  for (const line of next) print.line(line);
  return 0;
}

/** Whether writing the file would take something away; a line more in .gitignore does not. */
function isOther({ now, text }: Composed): boolean {
  return now !== undefined && !text.startsWith(now);
}

async function showAll(changed: readonly Composed[], print: Surroundings['print']): Promise<number> {
  for (const composed of changed) {
    print.line(`${composed.now === undefined ? 'new' : 'differs'}: ${composed.file}`);
    if (composed.now !== undefined)
      for (const line of await showDifference(composed)) print.line(`  ${line}`);
  }
  print.line('Nothing is written over what is there. --force writes all of it.');
  return 1;
}

async function answer(folder: string, given: Given): Promise<InitialSetup> {
  const project = await findProject(folder, {
    folder: given.text('project'),
    train: given.text('train'),
    parameters: given.list('parameter'),
  });
  const said = {
    path: given.text('holdout'),
    target: given.text('target'),
    id: given.text('id'),
    time: given.text('time'),
  };
  const present = Object.fromEntries(
    Object.entries(said).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  const found = await findHoldout(folder, { ...present, inputs: given.list('input') });
  const model = modelNameSchema.safeParse(given.text('model') ?? path.basename(folder));
  if (model.success) return { ...found, model: model.data, project, hosts: given.list('host') };
  const message = `The name of a model ${model.error.issues[0]?.message ?? 'is another'}.`;
  throw new UserError([{ code: 'model-name', message, remedy: 'Give one with --model.' }]);
}

async function fill(folder: string, given: Given, config: string): Promise<Filling> {
  const branch = given.text('branch') ?? (await findBranch(folder))?.name;
  if (branch === undefined) {
    const remedy = 'Name it with --branch.';
    throw new UserError([{ code: 'no-branch', message: "The default branch can't be told.", remedy }]);
  }
  const labels = (name: string, fallback: string) => {
    const said = given.list(name);
    return said.length > 0 ? said : ['self-hosted', fallback];
  };
  const filling: Filling = {
    branch,
    gpuRunner: labels('gpu-runner', 'gpu'),
    controlRunner: labels('control-runner', 'control'),
    ...optional('config', config === DEFAULT_CONFIG_FILE ? undefined : config),
  };
  return filling;
}
