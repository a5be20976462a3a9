import type { Scalar } from '../../core/config/config.ts';
import { messageOf, UserError } from '../../core/errors.ts';
import type { KnownSearch } from '../../core/ledger/search/known-search.ts';
import { type Study, studySchema } from '../../core/ledger/search/study.ts';
import { TAGS } from '../../core/names.ts';
import { findSearch } from '../../core/plan/training/find-search.ts';
import { describeParameters } from '../../core/search/describe-progress.ts';
import type { FinishedSearch, HashedData, TrainPorts, TrainRequest } from './train-context.ts';

type Files = HashedData['files'];

/** So many of the files that differ are named. */
const SHOWN_FILES = 3;

/**
 * The search that the parameters of this training come from: the one that was made for it, else the newest of the ledger of which they are
 * the best. Throws a UserError where it is of production, and they are none's.
 */
export function searchBehind(
  request: Pick<TrainRequest, 'plan' | 'config' | 'search'>,
): FinishedSearch | undefined {
  const { plan, config, search } = request;
  if (search !== undefined) return search;
  const parameters = { ...config.project.parameters, ...plan.parameters };
  const found = findSearch(plan.searches ?? [], parameters, config);
  if (found === undefined && plan.production === true) throw notSearched(parameters, plan.searches?.[0]);
  return found;
}

/** Names the search of a training, and compares the data of both. Rejects with a UserError where a training of production may not use its own. */
export async function studyOf(
  search: FinishedSearch,
  data: HashedData,
  {
    plan: { production },
    ports,
  }: Pick<TrainRequest, 'plan'> & { readonly ports: Pick<TrainPorts, 'readSearched' | 'log'> },
): Promise<Study> {
  const { study, runId, best, dataDigest } = search.summary;
  const named = { study, runId, trial: best.trial };
  if (dataDigest === data.digest) return { ...named, data: 'same' };
  const searched = search.files ?? (await readFiles(search, { production, ports }));
  if (searched === undefined) return { ...named, data: 'unknown' };
  const lost = missingFrom(data.files, searched);
  if (lost.length > 0 && production === true) throw notSuperset(study, lost);
  return { ...named, data: lost.length === 0 ? 'superset' : 'other' };
}

/** What a run says of it, as the attempt after a lost one reads it. */
export function studyTags(study: Study | undefined): Readonly<Record<string, string>> {
  return study === undefined ? {} : { [TAGS.study]: JSON.stringify(studySchema.parse(study)) };
}

/** What `studyTags` wrote; `undefined` where there is none, or something else. */
export function readStudy(tags: Readonly<Record<string, string>>): Study | undefined {
  const text = tags[TAGS.study];
  try {
    return text === undefined ? undefined : studySchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What was searched on and is not there any more, byte for byte. */
function missingFrom(present: Files, searched: Files): Files {
  const digests = new Map(present.map(({ path, digest }) => [path, digest]));
  return searched.filter(({ path, digest }) => digests.get(path) !== digest);
}

/** The files that the search read, where that can be told. */
async function readFiles(
  { summary }: FinishedSearch,
  {
    production,
    ports,
  }: { readonly production: true | undefined; readonly ports: Pick<TrainPorts, 'readSearched' | 'log'> },
): Promise<Files | undefined> {
  let why: string;
  try {
    return await ports.readSearched(summary);
  } catch (thrown) {
    why = messageOf(thrown);
  }
  const unread = `What the search ${summary.study} read can't be told: ${why}.`;
  if (production !== true) {
    ports.log.warn(unread);
    return undefined;
  }
  throw new UserError([
    {
      code: 'search-unreadable',
      message: `${unread} So nothing shows that this training has all of its data.`,
      remedy:
        'Give MLflow that artifact back as it was, search again (/tune), or train without --production.',
    },
  ]);
}

function notSearched(
  parameters: Readonly<Record<string, Scalar>>,
  newest: KnownSearch | undefined,
): UserError {
  const best = newest?.summary.best.parameters ?? {};
  const own = Object.fromEntries(Object.keys(best).map((name) => [name, parameters[name] ?? 'none']));
  const found =
    newest === undefined
      ? ''
      : ` The newest, ${newest.summary.study}, found ${describeParameters(best)}, and this commit has ${describeParameters(own)}.`;
  return new UserError([
    {
      code: 'not-of-a-search',
      message: `A production run has the best parameters of a search, and these are none's that the ledger knows.${found}`,
      remedy:
        'Merge the pull request that the search opened (or write its values into project.parameters), search again (/tune), or train without --production.',
    },
  ]);
}

function notSuperset(study: string, lost: Files): UserError {
  const names = lost.slice(0, SHOWN_FILES).map(({ path }) => path);
  const more = lost.length > names.length ? ` and ${lost.length - names.length} more` : '';
  return new UserError([
    {
      code: 'data-not-superset',
      message: `A production run has all that its search was made on, and of the data of ${study} these are gone or changed: ${names.join(', ')}${more}.`,
      remedy:
        'Add new data as files of their own beside those that are there, give these back, or search again (/tune) on the data of now.',
    },
  ]);
}
