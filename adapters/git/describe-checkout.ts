import path from 'node:path';
import type { RunCommand } from '../../core/ports.ts';
import { linesOf, runGit } from './run.ts';

const TIMEOUT_MS = 30_000;
/** The mode of a submodule in git's index. */
const GITLINK = '160000 ';

/** How git holds a file or a folder of a checkout. */
export type Held = {
  /** Whether it, or something in it, is in the index: what the next commit holds. */
  readonly isTracked: boolean;
  readonly isIgnored: boolean;
  /** Whether Git LFS keeps it, or something in it. */
  readonly isInLfs: boolean;
};

/** The root of the checkout that a folder lies in; `undefined` where it lies in none. */
export async function findCheckout(folder: string, run?: RunCommand): Promise<string | undefined> {
  return (await ask(folder, ['rev-parse', '--show-toplevel'], run))?.[0];
}

/** The default branch as origin was last seen to name it, else the branch at hand; `undefined` where there is neither. */
export async function findBranch(
  folder: string,
  run?: RunCommand,
): Promise<{ readonly name: string; readonly isDefault: boolean } | undefined> {
  const said = (await ask(folder, ['symbolic-ref', '--short', 'refs/remotes/origin/HEAD'], run))?.[0];
  if (said !== undefined) return { name: said.replace(/^origin\//, ''), isDefault: true };
  const here = (await ask(folder, ['symbolic-ref', '--short', 'HEAD'], run))?.[0];
  return here === undefined ? undefined : { name: here, isDefault: false };
}

/** The files of a checkout that git does not ignore, from its root. */
export async function listFiles(folder: string, run?: RunCommand): Promise<readonly string[]> {
  return (await ask(folder, ['ls-files', '--cached', '--others', '--exclude-standard'], run)) ?? [];
}

/** Whether a place of the checkout lies in a submodule: it is there in the jobs that fetch those, and in no others. */
export async function isInSubmodule(folder: string, place: string, run?: RunCommand): Promise<boolean> {
  const listed = await runGit({ folder, args: ['ls-files', '--stage', '-z'], timeoutMs: TIMEOUT_MS }, run);
  const below = `${path.relative(folder, path.resolve(folder, place)).split(path.sep).join('/')}/`;
  return listed.stdout
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry.startsWith(GITLINK))
    .some((entry) => below.startsWith(`${entry.slice(entry.indexOf('\t') + 1)}/`));
}

/** How git holds a place of the checkout, whether or not it is there. */
export async function describeHeld(folder: string, place: string, run?: RunCommand): Promise<Held> {
  const tracked = (await ask(folder, ['ls-files', '--', place], run)) ?? [];
  const ignored = await ask(folder, ['check-ignore', '--', place], run);
  const filters = await runGit(
    {
      folder,
      args: ['check-attr', '--stdin', 'filter'],
      input: `${[place, ...tracked].join('\n')}\n`,
      timeoutMs: TIMEOUT_MS,
    },
    run,
  );
  return {
    isTracked: tracked.length > 0,
    isIgnored: ignored !== undefined,
    isInLfs: filters.code === 0 && linesOf(filters).some((line) => line.endsWith(': filter: lfs')),
  };
}

/** The lines that git answered; `undefined` where it refused. */
async function ask(
  folder: string,
  args: readonly string[],
  run?: RunCommand,
): Promise<readonly string[] | undefined> {
  const answer = await runGit({ folder, args, timeoutMs: TIMEOUT_MS }, run);
  return answer.code === 0 ? linesOf(answer) : undefined;
}
