import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { atLeastOne, messageOf, UserError } from '../../core/errors.ts';
import type { AgentEnvironment } from '../open-context.ts';
import { databaseFile } from '../options/options.ts';
import { readValues } from '../options/read-values.ts';
import { openBlobs } from '../store/blobs.ts';
import { numberOn } from '../store/number-on.ts';
import { openStore } from '../store/store.ts';
import { ABOUT, aboutSchema, noBackup, requireOwner, unpack } from './archive.ts';

/** Where it is laid out until all of it was looked at. */
const INCOMING = 'restoring';
const DATABASE = basename(databaseFile('.'));

type Said = { readonly lines: readonly string[]; readonly code: 0 };

/**
 * Makes an empty data folder the one that a backup was made of: the next agent on it is the same host. Every file is checked before the
 * folder is one. Needs `--data-dir` alone of the options. Throws a UserError where nothing was restored.
 */
export async function restore([file, ...argv]: readonly string[], env: AgentEnvironment): Promise<Said> {
  if (file === undefined || file.startsWith('-'))
    throw refuse('restore-unclear', 'It was not said from what.', 'Say restore <file>.');
  const { values, problems } = readValues(argv, env);
  if (values === undefined || problems.length > 0) throw new UserError(atLeastOne(problems));
  const { dataDir } = values;
  requireEmpty(dataDir);
  const folder = join(dataDir, INCOMING);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const names = await unpack(resolve(file), folder);
    const told = await lookThrough(file, folder);
    const parts = new Set(names.map((name) => name.split('/')[0] ?? ''));
    for (const last of [ABOUT, DATABASE]) parts.delete(last);
    // The database last: a folder without it is none that an agent goes on from.
    for (const part of [...parts, DATABASE]) renameSync(join(folder, part), join(dataDir, part));
    return { lines: told, code: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function requireEmpty(dataDir: string): void {
  if (!existsSync(dataDir)) return;
  if (readdirSync(dataDir).length > 0)
    throw refuse(
      'data-folder-not-empty',
      `${dataDir} is not empty.`,
      'Name an empty folder with --data-dir, or move what is in this one away.',
    );
  requireOwner(dataDir);
}

/** Opens the database and reads every package, and prepares both for an agent. Gives what there is, in sentences. */
async function lookThrough(file: string, folder: string): Promise<readonly string[]> {
  const about = readAbout(file, folder);
  const store = openStore(databaseFile(folder));
  const { hostId } = store;
  const serving = Object.entries(store.traffic()).flatMap(([model, { traffic }]) => [
    `${model} version ${traffic.stable}${traffic.brake === undefined ? '' : `, and that version ${traffic.brake.version} was taken back`}`,
  ]);
  store.close();
  if (hostId !== about.hostId) throw noBackup(file, 'its database is of another host');
  const blobs = openBlobs(join(folder, 'packages'), { maxPackageBytes: 0, reserveBytes: 0 });
  for (const { digest } of blobs.list())
    if (!(await blobs.verify(digest)))
      throw noBackup(file, `the package file ${digest} is not what its name says`);
  numberOn(databaseFile(folder));
  return [
    `This is the host ${hostId} (${about.host}) as it was at ${about.at}. It knows of ${serving.join('; ') || 'no model'}.`,
    'Tokens, keys and options are not restored: `host add` writes them anew.',
    'See that the machine it was before is off, or its folder gone: two hosts of one id are refused by deploy. Then start the agent.',
  ];
}

function readAbout(file: string, folder: string) {
  try {
    return aboutSchema.parse(JSON.parse(readFileSync(join(folder, ABOUT), 'utf8')));
  } catch (thrown) {
    throw noBackup(file, `${ABOUT} can't be read (${messageOf(thrown)})`);
  }
}

function refuse(code: string, message: string, remedy: string): UserError {
  return new UserError([{ code, message, remedy }]);
}
