import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Search, SearchDimension } from '../../core/config/config.ts';
import { messageOf, type Problem, UserError } from '../../core/errors.ts';
import { STORAGE_VARIABLE } from '../../core/names.ts';
import { searchProgressSchema, searchResultSchema } from '../../core/search/search-result.ts';
import type { SearchEnd, SearchRequest, SearchRunner } from '../../core/search-port.ts';
import { listedVariables } from '../box/listed-variables.ts';
import { openBox } from '../box/open-box.ts';
import { runProcess } from '../run-process.ts';
import { NAMED_STORAGE } from '../without-secrets.ts';
import { boxStep, type ProjectRunnerOptions, withContainers } from './project.ts';
import { TRIAL_LABEL } from './project-container.ts';

/** Exit code by which the runtime says that the user can mend it. */
const USER_ERROR = 2;
/** How often its progress is looked at, in ms. */
const LOOK_MS = 5_000;
/** A trial whose worker has said nothing for so long is lost: a host that is slow or short of a network for minutes loses none. */
const HEARTBEAT_SECONDS = 60;
const GRACE_SECONDS = 900;
/** How often a trial's metric is looked at, in seconds. */
const POLL_SECONDS = 2;
/** What stands in the specification for the folder and for the run of a trial (runtime/trainyard/search). */
const PLACEHOLDERS = { temp: '@temp', run: '@run' } as const;

type SearchRunnerOptions = ProjectRunnerOptions & {
  /** A folder of the job, which the trainings can't see: the storage lies there where the configuration names none. */
  readonly folder: string;
  /** The address of the storage that the configuration may name. */
  readonly storage: string | undefined;
};

const failureSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }),
});

/** Runs searches by the Optuna of the model's own environment (runtime/trainyard/search), each training in a box of its own. */
export function createSearchRunner(options: SearchRunnerOptions): SearchRunner {
  return {
    run: async (request) => {
      const scratch = await mkdtemp(path.join(options.folder, 'trainyard-search-'));
      try {
        // By the label of the job itself: what a search that was lost has left runs no longer, on whichever runner of the machine it began.
        return await withContainers(options, () => runSearch(options, request, scratch));
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
    requireStorage: (search) => void (search.storage && namedStorage(options, search)),
  };
}

async function runSearch(
  options: SearchRunnerOptions,
  request: SearchRequest,
  scratch: string,
): Promise<SearchEnd> {
  const storage = chooseStorage(options, request);
  const box = await openBox({ ...options, kind: 'training' });
  const step = { ...request.step, runId: PLACEHOLDERS.run, parameters: {} };
  const boxed = boxStep(options, step, { box, temp: PLACEHOLDERS.temp });
  const file = (name: string) => path.join(scratch, name);
  await writeFile(file('spec.json'), JSON.stringify(specify(options, request, boxed)), { mode: 0o600 });
  const { python, runtime, trackingUri, env } = options;
  const started = { ...listedVariables(env, 'runtime'), PATH: boxed.env['PATH'] };
  const following = followProgress(file('progress.json'), request.onProgress);
  const paths = ['--spec', file('spec.json'), '--out', file('out.json'), '--progress', file('progress.json')];
  const end = await runProcess({
    command: python,
    args: ['-I', '-u', path.join(runtime, 'start.py'), 'search', ...paths],
    cwd: scratch,
    env: {
      ...started,
      MLFLOW_TRACKING_URI: trackingUri,
      // Neither is in a file or on a command line: both may hold passwords.
      TRAINYARD_SEARCH_STORAGE: storage,
      TRAINYARD_SEARCH_VARIABLES: JSON.stringify(boxed.env),
    },
    onLine: options.onLine,
    ...(step.signal && { signal: step.signal }),
  }).finally(following.stop);
  if (end.ended === 'aborted') throw new DOMException('The job was cancelled.', 'AbortError');
  if (end.code !== 0) throw await failure(end.code, end.stderr, file('out.json'));
  const result = searchResultSchema.parse(JSON.parse(await readFile(file('out.json'), 'utf8')));
  // Whoever reaches the Docker Engine is out of any box.
  return { result, box: options.docker ? 'docker' : box.level };
}

/** Only the storage of the workflow or the runner: our own process opens it, outside of any box, and the file is the commit's word. */
function chooseStorage(
  { storage, folder }: SearchRunnerOptions,
  { search, study }: Pick<SearchRequest, 'search' | 'study'>,
): string {
  return search.storage === undefined ? ownStorage(folder, study) : namedStorage({ storage }, search);
}

function namedStorage({ storage }: Pick<SearchRunnerOptions, 'storage'>, search: Search): string {
  if (search.storage === NAMED_STORAGE && storage) return requireShared(storage, search);
  if (search.storage === NAMED_STORAGE) throw missingStorage();
  throw new UserError([
    {
      code: 'search-storage-written',
      message: `search.storage names a storage by itself, and only that of the variable ${STORAGE_VARIABLE} is opened.`,
      remedy: `Write search: { storage: "${NAMED_STORAGE}" }, and set the secret optuna-storage of the workflow, or the variable on the runner.`,
    },
  ]);
}

function missingStorage(): UserError {
  return new UserError([
    {
      code: 'search-storage-missing',
      message: `search.storage names the variable ${STORAGE_VARIABLE}, which has no value in this job.`,
      remedy: `Set the secret ${STORAGE_VARIABLE} of the repository and have the workflow pass it on (optuna-storage: \${{ secrets.${STORAGE_VARIABLE} }}), or set the variable on the runner; or leave search.storage out.`,
    },
  ]);
}

/** What runners share is a server: a file is another one on each of them. */
function requireShared(storage: string, { runners }: Search): string {
  if (runners === 1 || !storage.startsWith('sqlite')) return storage;
  throw new UserError([
    {
      code: 'search-storage-of-one-host',
      message: `${runners} runners would search (search.runners), and ${STORAGE_VARIABLE} names a file, which each would have to itself.`,
      remedy:
        'Name a database that all of them reach (postgresql://user:password@host/database), or leave `runners` out.',
    },
  ]);
}

/** A file on this host: a job that is run again on another has to begin anew. */
function ownStorage(folder: string, study: string): string {
  const name = createHash('sha256').update(study).digest('hex').slice(0, 16);
  return `sqlite:///${path.join(folder, `trainyard-study-${name}.db`)}`;
}

/** What the runtime reads (search/settings.py). */
function specify(
  { containers }: SearchRunnerOptions,
  { step, study, host, search, tags }: SearchRequest,
  boxed: ReturnType<typeof boxStep>,
) {
  const { trials, jobs, metric, direction, seed, pruning, space, timeoutSeconds } = search;
  const spaces = Object.entries(space).map(([name, one]) => [name, spaceOf(one)] as const);
  const box: unknown = JSON.parse(boxed.args.at(-1) ?? '{}');
  return {
    ...{ study, host, trials, jobs, metric, direction, seed, pruning, tags },
    space: Object.fromEntries(spaces),
    timeout_seconds: timeoutSeconds ?? null,
    heartbeat_seconds: HEARTBEAT_SECONDS,
    grace_seconds: GRACE_SECONDS,
    poll_seconds: POLL_SECONDS,
    parent_run: step.runId,
    project: {
      start: [boxed.command, ...boxed.args.slice(0, -1)],
      box,
      cwd: boxed.cwd,
      parameters: step.parameters,
      timeout_seconds: step.timeoutSeconds,
      container_label: containers === undefined ? null : TRIAL_LABEL,
    },
  };
}

function spaceOf(dimension: SearchDimension) {
  if (dimension.kind === 'choice') return { kind: dimension.kind, values: dimension.values };
  const { kind, low, high } = dimension;
  return { kind, low, high };
}

function followProgress(file: string, onProgress: SearchRequest['onProgress']) {
  let last = '';
  const look = async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    const read = text === '' ? undefined : searchProgressSchema.safeParse(JSON.parse(text));
    if (read?.success !== true) return;
    const { complete, pruned, failed, lost, running } = read.data;
    const key = [complete, pruned, failed, lost, running].join(' ');
    if (key !== last) onProgress(read.data);
    last = key;
  };
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await look().catch(() => undefined);
    },
  };
}

async function failure(code: number | undefined, stderr: readonly string[], out: string): Promise<Error> {
  const said = stderr.findLast((line) => line.trim() !== '') ?? 'it said nothing';
  if (code !== USER_ERROR) return new Error(`trainyard.search ended with ${code ?? 'a signal'}: ${said}`);
  try {
    const { error } = failureSchema.parse(JSON.parse(await readFile(out, 'utf8')));
    return new UserError([error satisfies Problem]);
  } catch (thrown) {
    return new Error(`The search said nothing usable of why it failed: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}
