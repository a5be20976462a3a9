import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MLPROJECT } from '../../adapters/mlflow/read-mlproject.ts';
import { UserError } from '../../core/errors.ts';
import { ADOPT } from '../../core/init/adopt-model.ts';
import { type Filling, fillWorkflow } from '../../core/init/fill-workflow.ts';
import type { InitialSetup } from '../../core/init/initial-setup.ts';
import { writeConfiguration } from '../../core/init/write-configuration.ts';
import { addAdoption } from './add-adoption.ts';

const IGNORED = '.trainyard/';
const EXAMPLE_FILE = '.env.example';
const EXAMPLE_VARIABLES = ['MLFLOW_TRACKING_URI'];
const EXAMPLE = [
  '# What trainyard.yml names, for a shell of yours and for the .env of a runner. Secrets of the repository stand elsewhere.',
  ...EXAMPLE_VARIABLES.map((name) => `${name}=`),
  '',
].join('\n');

/** A file that init would write: as it is now, if it is there, and as it would be; `onlyAdds` where nothing that is there is changed. */
export type Composed = {
  readonly file: string;
  readonly now: string | undefined;
  readonly text: string;
  readonly onlyAdds: boolean;
};

/** All files of a repository that init writes, none of which holds a secret. */
export function composeFiles(
  root: string,
  {
    answers,
    filling,
    config,
    templates,
    adoptScript,
  }: {
    readonly answers: InitialSetup;
    readonly filling: Filling;
    readonly config: string;
    /** The folder of the workflows that are filled in. */
    readonly templates: string;
    /** The script that logs a model that exists. */
    readonly adoptScript: string;
  },
): readonly Composed[] {
  const workflow = (name: string) => fillWorkflow(readFileSync(path.join(templates, name), 'utf8'), filling);
  const ignored = read(root, '.gitignore') ?? '';
  const ignores = ignored.split('\n').includes(IGNORED);
  const files = {
    [config]: writeConfiguration(answers),
    ...adoptionOf(root, answers.project, adoptScript),
    '.github/workflows/trainyard.yml': workflow('trainyard.yml'),
    '.github/workflows/trainyard-monitor.yml': workflow('trainyard-monitor.yml'),
    '.github/workflows/trainyard-check.yml': workflow('trainyard-check.yml'),
    // One that is there is about more than us.
    ...(existsSync(path.join(root, EXAMPLE_FILE)) ? {} : { [EXAMPLE_FILE]: EXAMPLE }),
    '.gitignore': ignores
      ? ignored
      : `${ignored}${ignored === '' || ignored.endsWith('\n') ? '' : '\n'}${IGNORED}\n`,
  };
  const extended = ['.gitignore', path.posix.join(answers.project.folder, MLPROJECT)];
  return Object.entries(files).map(([file, text]) => {
    const now = read(root, file);
    return { file, text, now, onlyAdds: now === undefined || now === text || extended.includes(file) };
  });
}

/** What it takes to log a model that exists: an entry point, and its script. */
function adoptionOf(
  root: string,
  { folder, train, adopts }: InitialSetup['project'],
  script: string,
): Readonly<Record<string, string>> {
  if (adopts === undefined) return {};
  const file = path.posix.join(folder, MLPROJECT);
  const text = addAdoption(read(root, file) ?? '', train, adopts);
  if (text === undefined) {
    const message = `${file} has an entry point ${ADOPT.entryPoint} of its own, or its entry points are written on one line.`;
    const remedy = `Give it the entry point \`${ADOPT.entryPoint}\` with the command \`python ${ADOPT.script} ${adopts.uri}\`, or rename the one that is there.`;
    throw new UserError([{ code: 'adopt-entry-point', message, remedy }]);
  }
  return { [file]: text, [path.posix.join(folder, ADOPT.script)]: readFileSync(script, 'utf8') };
}

/** What a person may want to add to an example of the environment that is there: variables of the configuration that it does not name. */
export function findUnnamed(root: string): { readonly file: string; readonly names: readonly string[] } {
  const text = read(root, EXAMPLE_FILE) ?? EXAMPLE;
  const names = EXAMPLE_VARIABLES.filter((name) => !new RegExp(`\\b${name}=`).test(text));
  return { file: EXAMPLE_FILE, names };
}

function read(root: string, file: string): string | undefined {
  const place = path.join(root, file);
  return existsSync(place) ? readFileSync(place, 'utf8') : undefined;
}
