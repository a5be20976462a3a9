import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../core/errors.ts';
import { digestOf } from '../core/identity/digest.ts';

type HashedFile = { readonly path: string; readonly digest: string; readonly size: number };
/** What a training read: every file, one digest over all of them, and the folders that had no file in them. */
type DataDigest = {
  readonly digest: string;
  readonly files: readonly HashedFile[];
  readonly empty: readonly string[];
};

/** The SHA-256 of a file, as `sha256:…`; read as a stream, so that size does not matter. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return digestOf(hash.digest('hex'));
}

/** The SHA-256 of a text's UTF-8 bytes, as `sha256:…`. */
export function hashText(text: string): string {
  return digestOf(createHash('sha256').update(text).digest('hex'));
}

/**
 * Hashes files and folders. Relative paths start at `root`; what lies elsewhere is named by its last part. The digest is the
 * SHA-256 of the lines `<name>\t<digest>`, sorted, so that it does not depend on the machine, on order or on times. Rejects with a UserError for a path that is not there,
 * and where there is no file at all.
 */
export async function hashData(root: string, inputs: readonly string[]): Promise<DataDigest> {
  const found = await Promise.all(inputs.map((input) => listFiles(root, input)));
  const empty = inputs.filter((_, index) => found[index]?.length === 0);
  const [first] = empty;
  // A folder that waits for its first delivery is no mistake; data of which nothing is there are one.
  if (first !== undefined && empty.length === inputs.length) throw noFile(first);
  const byFile = new Map(found.flat().map(({ name, file }) => [file, name]));
  const files: HashedFile[] = [];
  for (const [file, name] of [...byFile].toSorted(([, left], [, right]) => (left < right ? -1 : 1))) {
    files.push({ path: name, digest: await hashFile(file), size: (await stat(file)).size });
  }
  const digest = hashText(files.map((file) => `${file.path}\t${file.digest}\n`).join(''));
  return { digest, files, empty };
}

type Named = { readonly name: string; readonly file: string };

async function listFiles(root: string, input: string): Promise<readonly Named[]> {
  const target = path.resolve(root, input);
  const found = await stat(target).catch(() => undefined);
  if (found === undefined) throw missing(input);
  const isInside = !path.relative(root, target).startsWith('..');
  const base = isInside ? root : path.dirname(target);
  const nameOf = (file: string) => path.relative(base, file).split(path.sep).join('/');
  if (found.isFile()) return [{ name: nameOf(target), file: target }];
  const files = await walk(target, new Set());
  return files.map((file) => ({ name: nameOf(file), file }));
}

/** All files below a folder, by way of links too: DVC and git-annex lay links where the data are. */
async function walk(folder: string, above: ReadonlySet<string>): Promise<readonly string[]> {
  const real = await realpath(folder);
  // A link that leads back up has nothing new below it.
  if (above.has(real)) return [];
  const seen = new Set([...above, real]);
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    const place = path.join(folder, name);
    const entry = await stat(place).catch(() => undefined);
    if (entry === undefined) throw missing(place);
    if (entry.isDirectory()) found.push(...(await walk(place, seen)));
    else if (entry.isFile()) found.push(place);
  }
  return found;
}

function noFile(input: string): UserError {
  return new UserError([
    {
      code: 'data-empty',
      message: `The data input ${input} is a folder without a file in it.`,
      remedy:
        'Correct data.inputs in trainyard.yml, or name in data.fetch there the command that brings it (dvc pull, aws s3 cp).',
    },
  ]);
}

function missing(input: string): UserError {
  return new UserError([
    {
      code: 'data-missing',
      message: `The data input ${input} does not exist.`,
      remedy:
        'Correct data.inputs in trainyard.yml, or name in data.fetch there the command that brings it (dvc pull, aws s3 cp).',
    },
  ]);
}
