import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../../adapters/run-command.ts';
import { UserError } from '../../core/errors.ts';
import {
  lookOf,
  SAYS,
  type SentFile,
  type SetupStep,
  scriptOf,
  showStep,
} from '../../core/host/setup-step.ts';
import type { Printer } from '../surroundings.ts';
import type { Ssh } from './ssh.ts';

const LOOK_TIMEOUT_MS = 120_000;
/** Packages of a model's environment may be gigabytes. */
const MAKE_TIMEOUT_MS = 40 * 60_000;
const SEND_TIMEOUT_MS = 30 * 60_000;

type Walk = {
  readonly ssh: Ssh;
  readonly print: Printer;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where packages that are fetched for hosts are kept. */
  readonly cache: string;
  readonly isDry: boolean;
};

/** Makes all steps so, one after the other, and says of each whether it was. Gives how many were changed, or would be. */
export async function walkSteps(steps: readonly SetupStep[], walk: Walk): Promise<number> {
  let changed = 0;
  for (const step of steps) if (await take(step, walk)) changed += 1;
  return changed;
}

/** Whether the step changed something, or would. */
async function take(step: SetupStep, { ssh, print, env, cache, isDry }: Walk): Promise<boolean> {
  const say = (mark: string) => print.line(`${mark.padEnd(8)} ${step.name}: ${step.what}`);
  if (isDry || step.files.length > 0) {
    const looked = await ssh.runAsRoot({ script: lookOf(step), timeoutMs: LOOK_TIMEOUT_MS });
    const isThere = looked.at(-1) === SAYS.ok;
    if (isThere || isDry) {
      say(isThere ? 'ok' : 'to do');
      if (isThere) return false;
      for (const { name, from } of step.files)
        print.line(`         < ${name}: ${from.kind === 'npm' ? `${from.package} of npm` : from.path}`);
      for (const line of showStep(step)) print.line(`         ${line}`);
      return true;
    }
  }
  try {
    for (const file of step.files)
      await ssh.send(await findFile(file, { cache, env }), file.name, SEND_TIMEOUT_MS);
    const said = await ssh.runAsRoot({ script: scriptOf(step), timeoutMs: MAKE_TIMEOUT_MS });
    const isChanged = said.at(-1) !== SAYS.ok;
    say(isChanged ? 'changed' : 'ok');
    return isChanged;
  } catch (thrown) {
    throw explain(thrown, step);
  }
}

function explain(thrown: unknown, { name, remedy }: SetupStep): unknown {
  if (!(thrown instanceof UserError)) return thrown;
  const [first, ...rest] = thrown.problems;
  if (first?.code !== 'host-command-failed') return thrown;
  const told = {
    ...first,
    code: `host-${name.replaceAll(' ', '-')}`,
    message: `${name}: ${first.message}`,
    remedy,
  };
  return new UserError([told, ...rest], { cause: thrown });
}

async function findFile(
  { name, from }: SentFile,
  { cache, env }: Pick<Walk, 'cache' | 'env'>,
): Promise<string> {
  if (from.kind === 'file') return from.path;
  const folder = path.join(cache, from.package);
  mkdirSync(folder, { recursive: true });
  const found = () => readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (found() === undefined) await pack(from.package, folder, env);
  const file = path.join(folder, found() ?? name);
  if (existsSync(file)) return file;
  throw new Error(`npm pack wrote no archive of ${from.package} into ${folder}.`);
}

async function pack(name: string, folder: string, env: Walk['env']): Promise<void> {
  // What was broken off must not be taken for an archive at the next time: it comes into place whole.
  const half = mkdtempSync(path.join(folder, 'half-'));
  const args = ['pack', name, '--pack-destination', half, '--loglevel=error'];
  const end = await runCommand({ command: 'npm', args, cwd: folder, env, timeoutMs: SEND_TIMEOUT_MS });
  const packed = readdirSync(half).find((file) => file.endsWith('.tgz'));
  if (end.code === 0 && packed !== undefined) renameSync(path.join(half, packed), path.join(folder, packed));
  rmSync(half, { recursive: true, force: true });
  if (end.code === 0) return;
  throw new UserError([
    {
      code: 'npm-failed',
      message: `npm could not fetch ${name}: ${end.stderr.trim() || `it ended with ${end.code}`}.`,
      remedy: 'Give an archive of Node 24 for the host with --node.',
    },
  ]);
}
