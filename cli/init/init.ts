import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, parseDocument } from 'yaml';
import { findBranch, findCheckout } from '../../adapters/git/describe-checkout.ts';
import { optional } from '../../core/config/optional.ts';
import { UserError } from '../../core/errors.ts';
import { modelNameSchema } from '../../core/identity/model-name.ts';
import { ADOPT, type AdoptedModel, readAdopted } from '../../core/init/adopt-model.ts';
import type { Filling } from '../../core/init/fill-workflow.ts';
import type { InitialSetup } from '../../core/init/initial-setup.ts';
import { learnFromRun } from '../../core/init/learn-from-run.ts';
import { settingsOf, typed } from '../../core/init/settings.ts';
import { COMMAND_LINE, DEFAULT_CONFIG_FILE } from '../../core/names.ts';
import type { Given } from '../command.ts';
import type { Surroundings } from '../surroundings.ts';
import { applySettings } from './apply-settings.ts';
import { type Composed, composeFiles, findUnnamed } from './compose-files.ts';
import { findHoldout } from './find-holdout.ts';
import { findLastRun } from './find-last-run.ts';
import { findProject } from './find-project.ts';
import { makeSecrets } from './make-secrets.ts';
import { readTask } from './read-task.ts';
import { showDifference } from './show-difference.ts';

/** Makes of a repository with an MLflow Project and a table of held-out examples one that Trainyard works on. Gives the exit code. */
export async function init(given: Given, { cwd, root, env, print }: Surroundings): Promise<number> {
  const folder = await findCheckout(cwd);
  if (folder === undefined) {
    const remedy = 'Run `git init` first: everything that follows is about commits.';
    throw new UserError([{ code: 'no-repository', message: `${cwd} is in no git repository.`, remedy }]);
  }
  const config = given.text('config') ?? DEFAULT_CONFIG_FILE;
  if (given.flag('apply') && !given.flag('force') && existsSync(path.join(folder, config)))
    return applyToThis({ folder, config, env, print });
  const { answers, lacks } = await answer(folder, given, env);
  const filling = await fill(folder, given, config);
  const templates = path.join(root, 'workflows-templates');
  const adoptScript = path.join(root, 'cli', 'init', ADOPT.script);
  const files = composeFiles(folder, { answers, filling, config, templates, adoptScript });
  const changed = files.filter(({ now, text }) => now !== text);
  if (!given.flag('force') && files.some(({ onlyAdds }) => !onlyAdds)) return showAll(changed, print);
  for (const { file, text } of changed) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
    print.line(`written  ${file}`);
  }
  for (const line of lacks) print.line(`missing  ${line}`);
  const unnamed = findUnnamed(folder);
  for (const name of unnamed.names) print.line(`left     ${unnamed.file} as it is: it lacks ${name}=`);
  tellSecrets(folder, print);
  const { adopts, train } = answers.project;
  if (adopts !== undefined) {
    const then = `Once it serves, write \`train: ${train}\` under project.steps: trainings are compared with it.`;
    print.line(`adopts   ${adopts.uri}: the first push judges it as it is, and rolls it out. ${then}`);
  }
  const environments = answers.hosts.length === 0 ? [] : ['production'];
  const settings = settingsOf(environments, env['MLFLOW_TRACKING_URI']);
  if (given.flag('apply')) return (await applySettings({ folder, env, print }, settings)) > 0 ? 1 : 0;
  const next = [
    'Settings of the repository, by the GitHub CLI. A command replaces what is set, also keys that hosts go by: --apply runs those of what is not.',
    ...settings.map(({ command }) => `  ${typed(command)}`),
    'Before each commit: the hook trainyard-check of https://github.com/trainyard/trainyard in .pre-commit-config.yaml.',
    `Each serving host gets .trainyard/secrets/tokens and .trainyard/secrets/signing.pub, and so serves nothing that is not signed: \`${COMMAND_LINE} host add\` brings both.`,
    'Whoever gets packages of yours verifies them by .trainyard/secrets/model.pub, which is no secret.',
    `Then: ${COMMAND_LINE} check`,
  ];
  for (const line of next) print.line(line);
  return 0;
}

/** Makes the settings that the configuration at hand asks for: what was written is a person's own by now. Gives the exit code. */
async function applyToThis({
  folder,
  config,
  env,
  print,
}: { readonly folder: string; readonly config: string } & Pick<
  Surroundings,
  'env' | 'print'
>): Promise<number> {
  print.line(`left     ${config} and the workflows as they are`);
  tellSecrets(folder, print);
  const document = parseDocument(readFileSync(path.join(folder, config), 'utf8'));
  const environments = document.get('environments', true);
  const names = isMap(environments) ? environments.items.map(({ key }) => String(key)) : [];
  const settings = settingsOf(names, env['MLFLOW_TRACKING_URI']);
  return (await applySettings({ folder, env, print }, settings)) > 0 ? 1 : 0;
}

/** Makes the secrets that are not there yet, and says which. */
function tellSecrets(folder: string, print: Surroundings['print']): void {
  const { made, lacking } = makeSecrets(folder);
  for (const file of made) print.line(`made     ${file} (readable by you alone; git ignores it)`);
  for (const { file, beside } of lacking)
    print.line(
      `left     ${file} is not there, and a new one would not fit ${beside}: move both away for new ones.`,
    );
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

type Answers = { readonly answers: InitialSetup; readonly lacks: readonly string[] };

async function answer(folder: string, given: Given, env: Surroundings['env']): Promise<Answers> {
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
    group: given.text('group'),
  };
  const present = Object.fromEntries(
    Object.entries(said).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  const adopts = readAdoption(given);
  const model = modelNameSchema.safeParse(given.text('model') ?? adopts?.name ?? path.basename(folder));
  if (!model.success) {
    const message = `The name of a model ${model.error.issues[0]?.message ?? 'is another'}.`;
    throw new UserError([{ code: 'model-name', message, remedy: 'Give one with --model.' }]);
  }
  const experiment = given.text('experiment');
  const last = await findLastRun(experiment ?? model.data, { env });
  const signature = 'run' in last ? last.signature : undefined;
  const columns = signature?.columns ?? [];
  const task = readTask(given);
  const holdout = { ...present, inputs: given.list('input'), columns, isTaskSaid: task !== undefined };
  const found = await findHoldout(folder, holdout);
  const adopting: InitialSetup['project'] = { ...project, ...optional('adopts', adopts) };
  const known = { ...found, ...task, model: model.data, project: adopting, hosts: given.list('host') };
  const answered = addRun({ ...known, ...optional('experiment', experiment) }, given.text('limit'), last);
  const isRegression = answered.answers.task === 'regression' && signature?.isOfNumbers === true;
  return isRegression && task === undefined
    ? { ...answered, answers: { ...answered.answers, answers: BY_SIGNATURE } }
    : answered;
}

function readAdoption(given: Given): AdoptedModel | undefined {
  const uri = given.text('adopt');
  if (uri === undefined) return undefined;
  const adopted = readAdopted(uri);
  if (adopted !== undefined) return adopted;
  const remedy = 'Write models:/NAME/VERSION, or models:/NAME@ALIAS.';
  throw new UserError([{ code: 'usage', message: `--adopt is ${uri}.`, remedy }]);
}

const BY_SIGNATURE: NonNullable<InitialSetup['answers']> = {
  task: 'regression',
  from: 'one number, by the signature of the newest model',
};

/** What was said of a first model, else what the newest run of the experiment tells. */
function addRun(
  setup: InitialSetup,
  said: string | undefined,
  found: Awaited<ReturnType<typeof findLastRun>>,
): Answers {
  if (said !== undefined) {
    const value = Number(said);
    if (said.trim() !== '' && Number.isFinite(value))
      return {
        answers: { ...setup, limit: { value, from: 'this is what it has to show at least' } },
        lacks: [],
      };
    throw new UserError([{ code: 'usage', message: `--limit is ${said}.`, remedy: 'Write a number.' }]);
  }
  const known = { seen: setup.task, ...(setup.answers !== undefined && { said: setup.task }) };
  const learned = 'run' in found ? learnFromRun(found.run, known) : { task: setup.task, limit: undefined };
  const answers: InitialSetup = { ...setup, task: learned.task, ...optional('limit', learned.limit) };
  if (learned.limit !== undefined) return { answers, lacks: [] };
  const why = 'none' in found ? found.none : 'the newest run has no such metric';
  return {
    answers,
    lacks: [
      `how good a first model must be, without which none passes (${why.replace(/\.$/, '')}): give --limit`,
    ],
  };
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
