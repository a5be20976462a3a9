import path from 'node:path';
import type { OpenedBundle } from '../../adapters/signing/model-bundle.ts';
import { type Problem, UserError } from '../../core/errors.ts';
import { compareFolder, type FolderFiles } from '../../core/ledger/bundle/model-statement.ts';
import { MODEL_BUNDLE } from '../../core/names.ts';
import type { HandedModel } from '../../core/plan/chain/handed-on.ts';
import type { Tracking } from '../../core/ports.ts';
import type { Result } from '../../core/result.ts';
import { requireBytes } from '../job/require-model-bytes.ts';

/** So many names of files are told of each kind. */
const MOST_NAMES = 10;

/** What a bundle says, once a key that is trusted has signed it. */
export type OpenBundle = (text: string) => Result<OpenedBundle, Problem>;

/** A folder of a model whose files somebody signed; the model's own is `.`. */
export type SignedFolder = {
  readonly folder: string;
  /** SHA-256 of the PEM of the key that signed it. */
  readonly key: string;
  readonly files: number;
  /** Files of the model that no signature is about: of the folders above, and what was left out of what is signed. */
  readonly unsigned: readonly string[];
};

type SignedModelPorts = {
  readonly tracking: Pick<Tracking, 'readModelContent' | 'readModelText'>;
  readonly openBundle: OpenBundle;
};

/**
 * Holds a logged model against the bundles that it brings, each about the folder that it lies in. Rejects with a UserError where there is
 * none, none of the keys made it, or a file is not the one that was signed: by its name.
 */
export async function requireSignedModel(
  { tracking, openBundle }: SignedModelPorts,
  model: HandedModel,
): Promise<readonly SignedFolder[]> {
  const content = await tracking.readModelContent(model.modelUri);
  requireBytes(model, content?.digest);
  const files: FolderFiles = content?.files ?? new Map();
  const bundles = [...files.keys()].filter((file) => path.posix.basename(file) === MODEL_BUNDLE);
  if (bundles.length === 0) throw unsignedModel(model);
  const opened: SignedFolder[] = [];
  for (const bundle of bundles) {
    const text = await tracking.readModelText(model.modelUri, bundle);
    opened.push(requireSignedFolder(bundle, { read: openBundle(text ?? ''), files }));
  }
  return opened;
}

type Folder = {
  readonly read: ReturnType<OpenBundle>;
  readonly files: FolderFiles;
};

function requireSignedFolder(bundle: string, { read, files }: Folder): SignedFolder {
  if (!read.ok)
    throw new UserError([{ ...read.error, message: `${bundle} of the model: ${read.error.message}` }]);
  const { statement, key } = read.value;
  const folder = path.posix.dirname(bundle);
  const inside = new Map(
    [...files].flatMap(([file, digest]) => {
      const below = path.posix.relative(folder, file);
      return file === bundle || below.startsWith('../') ? [] : [[below, digest] as const];
    }),
  );
  const { changed, missing, added, unsigned } = compareFolder(statement, inside);
  const wrong = [
    nameAll('changed', changed),
    nameAll('not there', missing),
    nameAll('not signed', added),
  ].flat();
  if (wrong.length > 0) throw alteredSince(bundle, wrong.join('; '));
  const outside = [...files.keys()].filter((file) => path.posix.relative(folder, file).startsWith('../'));
  const left = unsigned.map((file) => path.posix.join(folder, file));
  return { folder, key, files: statement.predicate.resources.length, unsigned: [...outside, ...left] };
}

/** What was verified of a model, in a sentence. */
export function describeSigned({ folder, key, files, unsigned }: SignedFolder): string {
  const where = folder === '.' ? 'It' : `Its folder ${folder}`;
  const rest = nameAll('Not signed', unsigned).map((text) => ` ${text}.`);
  return `${where} is as it was signed, ${files} ${files === 1 ? 'file' : 'files'}, with the key ${key.slice(0, 16)}….${rest.join('')}`;
}

function nameAll(what: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return [`${what}: ${names.slice(0, MOST_NAMES).join(', ')}${more}`];
}

function unsignedModel({ runId, modelUri }: HandedModel): UserError {
  return new UserError([
    {
      code: 'model-unsigned',
      message: `${modelUri} of run ${runId} brings no bundle, and this job has public keys that models are to be signed with (signed-by).`,
      remedy: `Log the model with the ${MODEL_BUNDLE} that came with it, in the folder that it signs; or leave out signed-by for what is trained here.`,
    },
  ]);
}

function alteredSince(bundle: string, wrong: string): UserError {
  return new UserError([
    {
      code: 'model-not-as-signed',
      message: `The files beside ${bundle} are not those that were signed. ${wrong}.`,
      remedy: 'Fetch the model again from whoever signed it, and log it as it is.',
    },
  ]);
}
