import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describeHeld, type Held, isInSubmodule } from '../../adapters/git/describe-checkout.ts';
import { HoldoutError } from '../../adapters/holdout/holdout-error.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { readerOf } from '../../adapters/holdout/readers.ts';
import { type Checked, errors, fine, passedOver } from '../../core/check/checked.ts';
import type { Config, Holdout } from '../../core/config/config.ts';
import type { CrossProblem } from '../../core/config/cross-problem.ts';
import { placeProblems } from '../../core/config/place-problems.ts';
import type { About } from './about.ts';

type Looked = {
  readonly checked: readonly Checked[];
  /** Whether Git LFS keeps some of it. */
  readonly isInLfs: boolean;
};

/** Looks whether the data are where jobs will look for them, and whether the holdout has the columns that are named. */
export async function lookAtData(about: About, { data, project }: Config): Promise<Looked> {
  const { holdout, fetch } = data;
  const fetched =
    fetch === undefined
      ? undefined
      : `data.fetch to bring. To have it looked at, run that command here first: ${fetch.trim()}`;
  const made = fetched ?? (project.steps.etl === undefined ? undefined : 'the step etl to make.');
  const inputs = await Promise.all(
    data.inputs.map((input, index) =>
      lookAtPlace(about, { place: input, key: ['data', 'inputs', index], made }),
    ),
  );
  const key = ['data', 'holdout', 'path'];
  const held =
    holdout === undefined ? undefined : await lookAtPlace(about, { place: holdout.path, key, made: fetched });
  const read = holdout === undefined || held?.isThere !== true ? [] : await lookAtHoldout(about, holdout);
  const functions = await Promise.all(
    Object.entries(holdout?.metrics ?? {}).map(([name, place]) => lookAtFunction(about, name, place)),
  );
  const places = [...inputs, ...(held === undefined ? [] : [held]), ...functions];
  return {
    checked: [...places.flatMap(({ checked }) => checked), ...read],
    isInLfs: places.some(({ isInLfs }) => isInLfs),
  };
}

type Place = {
  readonly place: string;
  readonly key: CrossProblem['path'];
  /** What may bring or make it in a job, as it is said; `undefined` where it has to be there before. */
  readonly made: string | undefined;
};

type LookedAtPlace = Looked & { readonly isThere: boolean };

/** Every job is a fresh clone: what is neither committed nor outside of it is in none. */
async function lookAtPlace(about: About, { place, key, made }: Place): Promise<LookedAtPlace> {
  const { folder, file, text, isCheckout } = about;
  const subject = key.slice(0, 2).join('.');
  const isThere = existsSync(path.resolve(folder, place));
  const refuse = (problem: Omit<CrossProblem, 'path'>): LookedAtPlace => {
    const problems = placeProblems(text, file, [{ ...problem, path: key }]);
    return { checked: errors(subject, problems), isInLfs: false, isThere };
  };
  const say = (checked: Checked, isInLfs = false): LookedAtPlace => ({
    checked: [checked],
    isInLfs,
    isThere,
  });
  if (path.relative(folder, path.resolve(folder, place)).startsWith('..')) {
    return say(
      passedOver(subject, `${place} lies outside of the repository: it has to be there on every runner.`),
    );
  }
  if (made !== undefined && !isThere) return say(passedOver(subject, `${place} is for ${made}`));
  if (isCheckout && (await isInSubmodule(folder, place))) {
    const said = `${place} lies in a submodule: jobs fetch it where \`submodules\` of the pipeline says so.`;
    return say(isThere ? fine(subject, said) : passedOver(subject, said));
  }
  const held = isCheckout ? await describeHeld(folder, place) : undefined;
  if (!isThere) return refuse(missing(place));
  if (held?.isTracked === false && made === undefined) return refuse(uncommitted(place, held));
  return say(fine(subject, place), held?.isInLfs);
}

/** A metric of the user's own is a function of a file that every job has. */
async function lookAtFunction(about: About, name: string, written: string): Promise<LookedAtPlace> {
  const [place = '', called = ''] = written.split(':');
  const key = ['data', 'holdout', 'metrics', name];
  const looked = await lookAtPlace(about, { place, key, made: undefined });
  if (!looked.isThere) return looked;
  const code = readFileSync(path.resolve(about.folder, place), 'utf8');
  // What a file imports all of may be called anything.
  if (new RegExp(String.raw`\b${called}\b|import \*`).test(code)) return looked;
  const problem = {
    code: 'metric-function-missing',
    path: key,
    message: `${place} has no function ${called}.`,
    remedy: 'Correct the name, or write the function.',
  };
  return { ...looked, checked: errors('data.holdout', placeProblems(about.text, about.file, [problem])) };
}

function missing(place: string): Omit<CrossProblem, 'path'> {
  return {
    code: 'data-missing',
    message: `${place} is not there.`,
    remedy:
      'Correct the path, commit the file, name in data.fetch the command that brings it (dvc pull, aws s3 cp), or name a place outside of the repository that all runners have.',
  };
}

function uncommitted(place: string, { isIgnored }: Held): Omit<CrossProblem, 'path'> {
  return {
    code: 'data-not-committed',
    message: `${place} is here, and ${isIgnored ? 'git ignores it' : 'not committed'}: every job works on a fresh clone, which has it not.`,
    remedy: `Commit it${isIgnored ? ' (`git add --force`)' : ''}, with Git LFS if it is large, name in data.fetch the command that brings it (dvc pull, aws s3 cp), or name a place outside of the repository that all runners have.`,
  };
}

async function lookAtHoldout({ folder, file, text }: About, holdout: Holdout): Promise<readonly Checked[]> {
  const subject = 'data.holdout';
  try {
    const { truth, groupNote } = await readHoldout(folder, holdout);
    const absent = await findAbsent(folder, holdout);
    if (absent.length > 0) return errors(subject, placeProblems(text, file, absent));
    return [
      fine(
        subject,
        `${truth.names.length} examples, ${new Set(truth.names).size} different values of ${holdout.target}`,
      ),
      ...(groupNote === undefined ? [] : [fine(subject, groupNote)]),
    ];
  } catch (thrown) {
    if (!(thrown instanceof HoldoutError)) throw thrown;
    return errors(subject, placeProblems(text, file, thrown.parts));
  }
}

/** Columns that only the Python runtime reads. */
async function findAbsent(
  folder: string,
  { path: place, time, inputs = [] }: Holdout,
): Promise<readonly CrossProblem[]> {
  const named = [
    ...(time === undefined ? [] : [['time', time] as const]),
    ...inputs.map((name) => ['inputs', name] as const),
  ];
  const target = path.resolve(folder, place);
  const read = readerOf(target);
  // What no reader is for was refused before.
  if (named.length === 0 || read === undefined) return [];
  const { names } = await read(target, { all: [], typed: [] });
  return named
    .filter(([, name]) => !names.includes(name))
    .map(([key, name]) => ({
      code: 'holdout-column-missing',
      path: ['data', 'holdout', key],
      message: `${place} has no column ${name}; it has ${names.join(', ')}.`,
      remedy: `Correct data.holdout.${key}.`,
    }));
}
