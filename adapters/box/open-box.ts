import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { BoxPolicy } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { type ProcessEnd, runProcess } from '../run-process.ts';
import { listedVariables } from './listed-variables.ts';
import { isBelow, PRIVATE_PLACES, runnerPlaces } from './private-places.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** What runs in a box: training reaches the network and works on files of its user; a model that predicts does neither. */
type BoxKind = 'training' | 'model';

type BoxOptions = {
  readonly kind: BoxKind;
  /** The Python that runs in it, and that makes it. */
  readonly python: string;
  /** The folder of `start.py`. */
  readonly runtime: string;
  readonly env: Variables;
  readonly policy: BoxPolicy;
  /** Hears what kind of box it is. */
  readonly onLine: (line: string) => void;
};

/** A program to run in a box. */
type Boxed = {
  readonly command: readonly string[];
  readonly cwd: string;
  /** A folder of its own, empty: its `/tmp` and its home. */
  readonly temp: string;
  /** What it sees of the hidden, to read. */
  readonly show: readonly string[];
  /** What it may write. */
  readonly write: readonly string[];
};

/** A way to run programs where they see little of the job. */
export type Box = {
  /** Where a program finds the folder that is its `temp` outside. */
  readonly home: (temp: string) => string;
  /** The specification for the box (runtime/trainyard/box), but for what differs from one program to the next; it hides these, too. */
  readonly specify: (hide: readonly string[]) => Readonly<Record<string, unknown>>;
  /** The command line that runs a program in it. */
  readonly enter: (boxed: Boxed) => { readonly command: string; readonly args: readonly string[] };
};

/** More processes than any training starts, and fewer than would stop a machine. */
const MOST_PROCESSES = 4096;
/** The largest file that a model's code may write: an exported model has to fit. */
const MODEL_FILE_BYTES = 32 * 1024 ** 3;
const PROBE_TIMEOUT_MS = 60_000;

/**
 * Finds out by trying what kind of box this machine can make, and says so: namespaces; for a model, where root runs the job, a user of
 * its own; else limits and an end for all that is started. Rejects with a UserError when the policy requires more than can be made.
 */
export async function openBox(options: BoxOptions): Promise<Box> {
  const { python, runtime, policy } = options;
  const shown = operatorsPlaces(options.env);
  const enter = (specification: Readonly<Record<string, unknown>>, boxed: Boxed) => {
    const spec = JSON.stringify({ ...specification, ...boxed, show: [...shown, ...boxed.show] });
    return { command: python, args: ['-I', '-S', path.join(runtime, 'start.py'), 'box', spec] };
  };
  const end = await tryOut(options, (boxed) => enter(specify(options, true), boxed));
  const inNamespaces = end.code === 0;
  const why = end.stderr.at(-1) ?? 'it said nothing';
  if (!inNamespaces && policy.require) throw boxImpossible(why);
  options.onLine(describe(options.kind, inNamespaces, why));
  const specification = specify(options, inNamespaces);
  return {
    home: (temp) => (inNamespaces ? '/tmp' : temp),
    specify: (hide) => ({ ...specification, show: shown, hide: [...hiddenPlaces(options.env), ...hide] }),
    enter: (boxed) => enter(specification, boxed),
  };
}

async function tryOut({ env }: BoxOptions, enter: Box['enter']): Promise<ProcessEnd> {
  const temp = await mkdtemp(path.join(os.tmpdir(), 'trainyard-box-'));
  try {
    return await runProcess({
      ...enter({ command: ['true'], cwd: '/', temp, show: [], write: [] }),
      cwd: '/',
      env: listedVariables(env, 'model'),
      timeoutMs: PROBE_TIMEOUT_MS,
    });
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

function specify(
  { kind, env, policy }: BoxOptions,
  inNamespaces: boolean,
): Readonly<Record<string, unknown>> {
  const isModel = kind === 'model';
  return {
    level: inNamespaces ? 'namespaces' : 'process',
    network: !isModel,
    // Only root can become somebody else; training works on files that are its user's.
    nobody: isModel && isRoot(),
    hide: hiddenPlaces(env),
    limits: {
      memoryBytes: policy.memoryBytes ?? null,
      fileBytes: isModel ? MODEL_FILE_BYTES : null,
      processes: MOST_PROCESSES,
    },
  };
}

function describe(kind: BoxKind, inNamespaces: boolean, why: string): string {
  if (inNamespaces) return `boxed: namespaces, ${kind === 'model' ? 'no network' : 'with network'}`;
  const missing = `namespaces can't be made on this runner (${why})`;
  return kind === 'model' && isRoot()
    ? `boxed: a user of its own, with network; ${missing}`
    : `not boxed, so that it may read what this job holds: ${missing}`;
}

function boxImpossible(why: string): UserError {
  return new UserError([
    {
      code: 'box-impossible',
      message: `The policy requires that user code is boxed in namespaces, and this runner can't make them (${why}).`,
      remedy:
        'Allow user namespaces on the runner (docs/runners.md), or set box.require to false on the default branch.',
    },
  ]);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function hiddenPlaces(env: Variables): readonly string[] {
  return [...PRIVATE_PLACES, ...runnerPlaces(env)];
}

/** What the runner's operator shows to user code; and where its programs are, of those that would be hidden. */
function operatorsPlaces(env: Variables): readonly string[] {
  const named = (env['TRAINYARD_BOX_SHOW'] ?? '')
    .split(path.delimiter)
    .filter((place) => path.isAbsolute(place));
  const hidden = hiddenPlaces(env);
  const programs = (env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => isBelow(folder, hidden))
    .map((folder) => (isBelow(path.dirname(folder), hidden) ? path.dirname(folder) : folder))
    .map((folder) => (folder === env['HOME'] ? path.join(folder, 'bin') : folder));
  return [...named, ...programs];
}
