import path from 'node:path';
import { listFiles } from '../../adapters/git/describe-checkout.ts';
import { MLPROJECT, readMlproject } from '../../adapters/mlflow/read-mlproject.ts';
import type { Scalar } from '../../core/config/config.ts';
import { type EntryPoint, findEntryPoint } from '../../core/config/mlproject/mlproject.ts';
import { optional } from '../../core/config/optional.ts';
import { atLeastOne, UserError } from '../../core/errors.ts';
import type { InitialSetup } from '../../core/init/initial-setup.ts';

const TRAINS = ['train', 'main', 'fit'];
const PREPARES = ['etl', 'prepare', 'data'];

/** What was said of the project on the command line. */
type Said = {
  readonly folder: string | undefined;
  readonly train: string | undefined;
  readonly parameters: readonly string[];
};

/** The MLflow Project of a repository: its entry points, and the values that its parameters have or were given. */
export async function findProject(root: string, said: Said): Promise<InitialSetup['project']> {
  const folder = said.folder ?? (await findFolder(root));
  const read = await readMlproject(root, folder);
  if (!read.ok) throw new UserError(atLeastOne(read.error));
  if (read.value === undefined)
    throw refusal(
      'no-mlproject',
      `There is no MLproject file in ${folder}.`,
      'Write one, or name its folder with --project.',
    );
  const { entryPoints, file } = read.value;
  const names = Object.keys(entryPoints);
  const train =
    said.train ?? TRAINS.find((name) => names.includes(name)) ?? (names.length === 1 ? names[0] : undefined);
  const entry = train === undefined ? undefined : findEntryPoint(read.value, train);
  if (train === undefined || entry === undefined) {
    throw refusal(
      'which-entry-point',
      `${file} has the entry points ${names.join(', ') || 'none'}.`,
      'Name the one that trains with --train.',
    );
  }
  const etl = PREPARES.find((name) => names.includes(name) && name !== train);
  const parameters = valuesOf(entry, said.parameters, file);
  const project: InitialSetup['project'] = { folder, train, parameters, ...optional('etl', etl) };
  return project;
}

async function findFolder(root: string): Promise<string> {
  const found = (await listFiles(root))
    .filter((file) => path.posix.basename(file) === MLPROJECT)
    .map((file) => path.posix.dirname(file));
  const [only] = found;
  if (only !== undefined && (found.length === 1 || found.includes('.')))
    return found.includes('.') ? '.' : only;
  if (only === undefined)
    throw refusal(
      'no-mlproject',
      'There is no MLproject file in this repository.',
      'Write an MLflow Project first: https://mlflow.org/docs/latest/ml/projects/.',
    );
  throw refusal(
    'which-project',
    `There are MLproject files in ${found.join(', ')}.`,
    'Name the folder of one with --project.',
  );
}

function valuesOf(
  { parameters }: EntryPoint,
  said: readonly string[],
  file: string,
): Readonly<Record<string, Scalar>> {
  const given = new Map(said.map((one) => [one.split('=')[0] ?? '', one.slice(one.indexOf('=') + 1)]));
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, { type, isRequired, default: fallback }]) => {
      const value = given.get(name) ?? fallback;
      if (value !== undefined) return [[name, typedValue(value, type)]];
      if (!isRequired) return [];
      throw refusal(
        'parameter-without-value',
        `\`${name}\` of ${file} has no default.`,
        `Give its usual value: --parameter ${name}=…`,
      );
    }),
  );
}

function typedValue(value: Scalar, type: string): Scalar {
  const isNumber = /^(?:int|integer|long|float|double|number)$/i.test(type) && String(value).trim() !== '';
  return isNumber && Number.isFinite(Number(value)) ? Number(value) : value;
}

function refusal(code: string, message: string, remedy: string): UserError {
  return new UserError([{ code, message, remedy }]);
}
