import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { BoxLevel } from '../../core/box-level.ts';
import type { BoxPolicy } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { type ProcessEnd, runProcess } from '../run-process.ts';
import { listedVariables } from './listed-variables.ts';
import { hiddenPlaces, holdsPrivate, isBelow } from './private-places.ts';

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
  readonly level: BoxLevel;
  /** Where a program finds the folder that is its `temp` outside. */
  readonly home: (temp: string) => string;
  /** The specification for the box (runtime/trainyard/box), but for what differs from one program to the next; it never shows these. */
  readonly specify: (secret: readonly string[]) => Readonly<Record<string, unknown>>;
  /** The command line that runs a program in it. */
  readonly enter: (boxed: Boxed) => { readonly command: string; readonly args: readonly string[] };
};

/** More processes than any training starts, and fewer than would stop a machine. */
const MOST_PROCESSES = 4096;
/** The largest file that a model's code may write: an exported model has to fit. */
const MODEL_FILE_BYTES = 32 * 1024 ** 3;
const PROBE_TIMEOUT_MS = 60_000;

/** How strongly a program is boxed, and whether as nobody. */
type Level = { readonly level: 'namespaces' | 'process'; readonly nobody: boolean };

/** The weakest: it can be had everywhere. */
const LIMITS_ONLY: Level = { level: 'process', nobody: false };

/**
 * Finds out by trying, from the strongest down, in what kind of box this Python starts on this machine, and says so: namespaces; for a
 * model, where root runs the job, a user of its own; else limits and an end for all that is started. Rejects with a UserError when the
 * policy requires more than can be made.
 */
export async function openBox(options: BoxOptions): Promise<Box> {
  const { kind, policy, onLine } = options;
  const failures: string[] = [];
  const absent = writtenPlaces(kind, options.env).filter((place) => !existsSync(place));
  for (const place of absent) onLine(`TRAINYARD_BOX_WRITE names ${place}, which is not there.`);
  for (const level of strongLevels(kind)) {
    if (level.level === 'process' && policy.require) break;
    const box = makeBox(options, level);
    const end = await tryOut(options, box);
    if (end.code === 0) {
      onLine(describe(kind, level, failures));
      return box;
    }
    failures.push(end.stderr.at(-1) ?? 'it said nothing');
  }
  if (policy.require) throw boxImpossible(failures);
  onLine(describe(kind, LIMITS_ONLY, failures));
  return makeBox(options, LIMITS_ONLY);
}

/** What is better than limits alone, the strongest first. */
function strongLevels(kind: BoxKind): readonly Level[] {
  const own: Level = { level: 'namespaces', nobody: false };
  // Only root can become somebody else; training works on files that are its user's.
  if (kind === 'training' || process.getuid?.() !== 0) return [own];
  return [{ ...own, nobody: true }, own, { level: 'process', nobody: true }];
}

function makeBox(options: BoxOptions, level: Level): Box {
  const { kind, python, runtime, env, policy } = options;
  const isModel = kind === 'model';
  const inNamespaces = level.level === 'namespaces';
  const shown = shownPlaces(kind, env);
  const written = writtenPlaces(kind, env);
  const specification = {
    ...level,
    network: !isModel,
    hide: hiddenPlaces(env),
    secret: [],
    limits: {
      memoryBytes: policy.memoryBytes ?? null,
      fileBytes: isModel ? MODEL_FILE_BYTES : null,
      processes: MOST_PROCESSES,
    },
  };
  return {
    level: levelOf(kind, level),
    home: (temp) => (inNamespaces ? '/tmp' : temp),
    specify: (secret) => ({ ...specification, show: shown, secret }),
    enter: (boxed) => {
      const places = { show: [...shown, ...boxed.show], write: [...written, ...boxed.write] };
      const spec = JSON.stringify({ ...specification, ...boxed, ...places });
      return { command: python, args: ['-I', '-S', path.join(runtime, 'start.py'), 'box', spec] };
    },
  };
}

/** The level's name in outputs and reports. Training is its job's user wherever it runs; a model that is root saw more than nobody would. */
function levelOf(kind: BoxKind, { level, nobody }: Level): BoxLevel {
  if (level === 'process') return nobody ? 'user' : 'none';
  return kind === 'model' && process.getuid?.() === 0 && !nobody ? 'namespaces-as-root' : 'namespaces';
}

/** Whether our own Python starts in the box, which is more than that the box can be made. */
async function tryOut({ python, runtime, env }: BoxOptions, box: Box): Promise<ProcessEnd> {
  const temp = await mkdtemp(path.join(os.tmpdir(), 'trainyard-box-'));
  const read = ['-I', '-c', 'import sys; open(sys.argv[1]).close()', path.join(runtime, 'start.py')];
  try {
    return await runProcess({
      ...box.enter({ command: [python, ...read], cwd: '/', temp, show: [runtime], write: [] }),
      cwd: '/',
      env: listedVariables(env, 'model'),
      timeoutMs: PROBE_TIMEOUT_MS,
    });
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

function describe(kind: BoxKind, { level, nobody }: Level, failures: readonly string[]): string {
  const [first = '', second = ''] = failures;
  if (level === 'namespaces') {
    const said = `boxed: namespaces, ${kind === 'model' ? 'no network' : 'with network'}`;
    return first === '' ? said : `${said}, as root: nobody can't run this Python (${first})`;
  }
  const missing = `namespaces can't be made on this runner (${second || first})`;
  if (nobody) return `boxed: a user of its own, with network; ${missing}`;
  const alone = failures.length > 2 ? `, nor can nobody run this Python (${failures.at(-1)})` : '';
  return `not boxed, so that it may read what this job holds: ${missing}${alone}`;
}

function boxImpossible(failures: readonly string[]): UserError {
  return new UserError([
    {
      code: 'box-impossible',
      message: `The policy requires that user code is boxed in namespaces, and this runner can't make them (${failures.at(-1)}).`,
      remedy:
        'Allow user namespaces on the runner (docs/runners.md), or set box.require to false on the default branch.',
    },
  ]);
}

/** Where a training finds the machine's resolver of names, when `/etc/resolv.conf` leads below `/run`. */
const RESOLVER_PLACES = ['/etc/resolv.conf', '/run/systemd/resolve'];

/** What a box shows of the hidden: what the runner's operator names, where programs on PATH are, and the way to the network. */
function shownPlaces(kind: BoxKind, env: Variables): readonly string[] {
  const hidden = hiddenPlaces(env);
  const programs = listPaths(env['PATH'])
    .filter((folder) => isBelow(folder, hidden))
    // Beside its programs, an environment has its libraries.
    .map((folder) => (holdsPrivate(path.dirname(folder), env) ? folder : path.dirname(folder)))
    .filter((folder) => isBelow(folder, hidden) && !holdsPrivate(folder, env));
  return [
    ...listPaths(env['TRAINYARD_BOX_SHOW']),
    ...programs,
    ...(kind === 'training' ? RESOLVER_PLACES : []),
  ];
}

/** Where the runner's operator lets trainings write, such as a disk for checkpoints. */
function writtenPlaces(kind: BoxKind, env: Variables): readonly string[] {
  return kind === 'training' ? listPaths(env['TRAINYARD_BOX_WRITE']) : [];
}

/** The absolute paths of a list, such as PATH. */
function listPaths(list: string | undefined): readonly string[] {
  return (list ?? '').split(path.delimiter).filter((place) => path.isAbsolute(place) && place !== '/');
}
