import type { RunCommand } from '../../core/ports.ts';
import { runCommand } from '../run-command.ts';

/** Configuration for one command, given through the environment: it stands in no list of processes. */
export type GitSetting = readonly [key: string, value: string];

/** One git command. `repository` is its git directory; without it the command runs outside of any. */
type GitCommand = {
  readonly repository?: string;
  /** Folder to run in, for commands that look for the repository themselves. */
  readonly folder?: string;
  readonly args: readonly string[];
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** The place for secrets, which must not stand in `args`. */
  readonly settings?: readonly GitSetting[];
  readonly timeoutMs: number;
};

/** How a git command ended. `code` is `undefined` when it was stopped at its time limit. */
export type GitOutcome = {
  readonly code: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
};

/** Settings of the user that must not reach a plumbing command: prompts, translations, hooks, collection in the background. */
const QUIET = {
  GIT_TERMINAL_PROMPT: '0',
  GCM_INTERACTIVE: 'never',
  GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=20',
  LC_ALL: 'C',
} as const;
const SETTINGS = [
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'gc.auto=0',
  '-c',
  'maintenance.auto=false',
] as const;
const INHERITED_STATE = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_PREFIX'];

/** Runs git and gives how it ended, failures included. Rejects only when git can't be started. */
export async function runGit(command: GitCommand, run: RunCommand = runCommand): Promise<GitOutcome> {
  const { repository, folder, args, input, timeoutMs } = command;
  const place = repository === undefined ? [] : [`--git-dir=${repository}`];
  const { code, ended, stdout, stderr } = await run({
    command: 'git',
    args: [...place, ...SETTINGS, ...args],
    env: gitEnvironment(command.env ?? {}, command.settings ?? []),
    timeoutMs,
    ...(folder !== undefined && { cwd: folder }),
    ...(input !== undefined && { input }),
  });
  return { code: ended === 'timed-out' ? undefined : (code ?? 1), stdout: bufferOf(stdout), stderr };
}

/** The lines that a command printed, but for empty ones. */
export function linesOf({ stdout }: Pick<GitOutcome, 'stdout'>): readonly string[] {
  return stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** The same bytes, not a copy. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function gitEnvironment(
  added: Readonly<Record<string, string>>,
  settings: readonly GitSetting[],
): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !INHERITED_STATE.includes(name));
  const own = Object.fromEntries(inherited);
  // A user's own ssh command, which may carry a key, wins over ours.
  const configured = settingsEnv(Number(own['GIT_CONFIG_COUNT'] ?? 0), settings);
  return { ...QUIET, ...own, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', ...configured, ...added };
}

/** Settings after the `first` that the environment has already. */
function settingsEnv(first: number, settings: readonly GitSetting[]): Readonly<Record<string, string>> {
  if (settings.length === 0) return {};
  const entries = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${first + index}`, key],
    [`GIT_CONFIG_VALUE_${first + index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(first + settings.length), ...Object.fromEntries(entries) };
}
