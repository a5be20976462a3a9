import path from 'node:path';
import { UserError } from '../../core/errors.ts';
import type { RunCommand } from '../../core/ports.ts';
import { GitFailure } from './failure.ts';
import { type GitOutcome, linesOf, runGit } from './run.ts';

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

/** How git says that a folder lies in no repository. Whatever else it says, of an owner it does not trust for one, is another matter. */
const NO_REPOSITORY = /not a git repository/;

/** The root of the checkout that a folder lies in; `undefined` where it lies in none. Rejects with a UserError where git refuses to say. */
export async function findCheckout(folder: string, run?: RunCommand): Promise<string | undefined> {
  const args = ['rev-parse', '--show-toplevel'];
  const answer = await runGit({ folder, args, timeoutMs: TIMEOUT_MS }, run);
  return NO_REPOSITORY.test(answer.stderr) ? undefined : accept(folder, args, answer)[0];
}

/** The default branch as origin was last seen to name it, else the branch at hand; `undefined` where there is neither. */
export async function findBranch(
  folder: string,
  run?: RunCommand,
): Promise<{ readonly name: string; readonly isDefault: boolean } | undefined> {
  const said = await readSymbolic(folder, 'refs/remotes/origin/HEAD', run);
  if (said !== undefined) return { name: said.replace(/^origin\//, ''), isDefault: true };
  const here = await readSymbolic(folder, 'HEAD', run);
  return here === undefined ? undefined : { name: here, isDefault: false };
}

/** Whether origin had a branch of this name when it was last fetched. */
export async function hasRemoteBranch(folder: string, name: string, run?: RunCommand): Promise<boolean> {
  const args = ['show-ref', '--verify', '--quiet', `refs/remotes/origin/${name}`];
  return (await runGit({ folder, args, timeoutMs: TIMEOUT_MS }, run)).code === 0;
}

/** The files of a checkout that git does not ignore, from its root. Rejects with a UserError where git refuses to say. */
export async function listFiles(folder: string, run?: RunCommand): Promise<readonly string[]> {
  return ask(folder, ['ls-files', '--cached', '--others', '--exclude-standard'], run);
}

/** Whether a place of the checkout lies in a submodule: it is there in the jobs that fetch those, and in no others. */
export async function isInSubmodule(folder: string, place: string, run?: RunCommand): Promise<boolean> {
  // A folder that git knows nothing of holds no submodules: what is not there is missing then.
  const listed = await runGit({ folder, args: ['ls-files', '--stage', '-z'], timeoutMs: TIMEOUT_MS }, run);
  const below = `${path.relative(folder, path.resolve(folder, place)).split(path.sep).join('/')}/`;
  return listed.stdout
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry.startsWith(GITLINK))
    .some((entry) => below.startsWith(`${entry.slice(entry.indexOf('\t') + 1)}/`));
}

/** How git holds a place of the checkout, whether or not it is there. Rejects with a UserError where git refuses to say. */
export async function describeHeld(folder: string, place: string, run?: RunCommand): Promise<Held> {
  const tracked = await ask(folder, ['ls-files', '--', place], run);
  const ignores = ['check-ignore', '--', place];
  // It ends with 1 for what is not ignored, and with more for what lies behind a link, where it ignores nothing.
  const ignored = await runGit({ folder, args: ignores, timeoutMs: TIMEOUT_MS }, run);
  const args = ['check-attr', '--stdin', 'filter'];
  const input = `${[place, ...tracked].join('\n')}\n`;
  const filters = await runGit({ folder, args, input, timeoutMs: TIMEOUT_MS }, run);
  return {
    isTracked: tracked.length > 0,
    isIgnored: ignored.code === 0,
    isInLfs: accept(folder, args, filters).some((line) => line.endsWith(': filter: lfs')),
  };
}

/** The branch that a symbolic name stands for. Git says no where it stands for none, and people are asked for it by every caller then. */
async function readSymbolic(folder: string, name: string, run?: RunCommand): Promise<string | undefined> {
  const args = ['symbolic-ref', '--short', name];
  const answer = await runGit({ folder, args, timeoutMs: TIMEOUT_MS }, run);
  return answer.code === 0 ? linesOf(answer)[0] : undefined;
}

async function ask(folder: string, args: readonly string[], run?: RunCommand): Promise<readonly string[]> {
  return accept(folder, args, await runGit({ folder, args, timeoutMs: TIMEOUT_MS }, run));
}

/** The lines that git answered: what it refuses to say is neither yes nor no. */
function accept(folder: string, [command = '']: readonly string[], answer: GitOutcome): readonly string[] {
  if (answer.code === 0) return linesOf(answer);
  const { message } = new GitFailure(command, answer);
  const remedy = `Mend what git says of ${folder}, then run this again.`;
  throw new UserError([{ code: 'git-failed', message: `${message.replace(/\.$/, '')}.`, remedy }]);
}
