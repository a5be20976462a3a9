import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { linesOf, runCommand } from '../../adapters/run-command.ts';
import { UserError } from '../../core/errors.ts';
import { hostIdSchema } from '../../core/identity/host-id.ts';
import { instantSchema } from '../../core/instant.ts';

/** Large packages on a slow disk take their time, in ms. */
const TAR_TIMEOUT_MS = 4 * 3_600_000;
/** All that a backup holds, by path. */
const NAMES = /^(?:backup\.json|agent\.db(?:\.held)?|audit\/[a-z]+\.jsonl(?:\.1)?|packages\/[0-9a-f]{64})$/;

/** What tar says, with the exit status 1, of a file that is not of the same state at its end. */
const CHANGED = /: file changed as we read it$/;

/** File of a backup that says what it is. */
export const ABOUT = 'backup.json';

/** What a backup says of itself. */
export const aboutSchema = z.object({
  schema: z.literal('trainyard.backup/1'),
  at: instantSchema,
  host: z.string(),
  hostId: hostIdSchema,
  agentVersion: z.string(),
});

/** Files by their paths below a folder. */
type Part = { readonly folder: string; readonly names: readonly string[] };

/** Whether a backup may hold a file of this path. */
export function isOfBackup(name: string): boolean {
  return NAMES.test(name);
}

/**
 * Packs these files into one. Throws a UserError where that fails. One whose date changes meanwhile, as that of a package which is asked for,
 * is packed all the same: what is packed is files that nobody writes to, and packages are known by their digests.
 */
export async function pack(archive: string, parts: readonly Part[]): Promise<void> {
  const files = parts.flatMap(({ folder, names }) => (names.length === 0 ? [] : ['-C', folder, ...names]));
  await tar(['-cf', archive, ...files], archive, CHANGED);
}

/** Lays the files of a backup into an empty folder and gives their names. Throws a UserError for what is no backup. */
export async function unpack(archive: string, folder: string): Promise<readonly string[]> {
  const names = await tar(['-tf', archive], archive);
  const strange = names.find((name) => !isOfBackup(name));
  if (strange !== undefined) throw noBackup(archive, `it holds ${strange}`);
  for (const needed of [ABOUT, 'agent.db'])
    if (!names.includes(needed)) throw noBackup(archive, `it has no ${needed}`);
  for (const name of ['audit', 'packages']) mkdirSync(join(folder, name), { mode: 0o700 });
  await tar(['-xf', archive, '-C', folder, '--no-same-owner'], archive);
  const odd = names.find((name) => !lstatSync(join(folder, name)).isFile());
  if (odd !== undefined) throw noBackup(archive, `${odd} is no file in it`);
  return names;
}

/** Throws a UserError where another user owns a data folder: what this one writes there its agent could not read. */
export function requireOwner(dataDir: string): void {
  const { uid } = statSync(dataDir);
  if (uid === process.getuid?.()) return;
  throw new UserError([
    {
      code: 'other-user',
      message: `${dataDir} belongs to the user ${uid}, who could not read what another writes there.`,
      remedy: `Run this as the agent's user: sudo -u '#${uid}' and the same command line.`,
    },
  ]);
}

/** Says that a file can't be restored from, and why. */
export function noBackup(archive: string, why: string): UserError {
  const message = `${archive} is no whole backup of a host: ${why}.`;
  return new UserError([{ code: 'backup-damaged', message, remedy: 'Take another; nothing was restored.' }]);
}

async function tar(args: readonly string[], archive: string, borne?: RegExp): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runCommand({
    command: 'tar',
    args,
    env: { ...process.env, LC_ALL: 'C' },
    timeoutMs: TAR_TIMEOUT_MS,
  });
  if (code === 0) return linesOf(stdout);
  const said = linesOf(stderr);
  if (code === 1 && borne !== undefined && said.every((line) => borne.test(line))) return linesOf(stdout);
  const why = said.slice(-2).join(' ') || 'it was ended';
  const remedy = 'See whether the file is there and whole, and the disk has room.';
  throw new UserError([{ code: 'backup-failed', message: `tar and ${archive}: ${why}.`, remedy }]);
}
