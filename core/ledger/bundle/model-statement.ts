import { z } from 'zod';
import { hexSchema } from '../../identity/digest.ts';
import { MODEL_BUNDLE } from '../../names.ts';

// The format is that of the OpenSSF Model Signing specification v1.0 (github.com/ossf/model-signing-spec), as the program `model_signing`
// of sigstore/model-transparency writes and reads it.

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const MODEL_PREDICATE = 'https://model_signing/signature/v1.0';
/** Beside the bundle itself: what git adds to a folder, and MLflow to a download; none of it is a part of a model. */
const BESIDE_A_MODEL = ['.git', '.gitattributes', '.github', '.gitignore', 'registered_model_meta'] as const;

const resourceSchema = z.object({ name: z.string().min(1), algorithm: z.string(), digest: z.string() });

/** A signed list of a model's files: each with its digest, and one digest over all of them. */
export const modelStatementSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: hexSchema }) })).length(1),
  predicateType: z.literal(MODEL_PREDICATE),
  predicate: z.object({
    serialization: z.object({
      method: z.string(),
      hash_type: z.string(),
      allow_symlinks: z.boolean(),
      ignore_paths: z.array(z.string()).default([]),
    }),
    resources: z.array(resourceSchema).min(1),
  }),
});
export type ModelStatement = z.infer<typeof modelStatementSchema>;

/** Files of a folder: the path of each, with slashes, and the hex digits of its SHA-256. */
export type FolderFiles = ReadonlyMap<string, string>;

/** A logged model, byte for byte: its digest, and its files. */
export type ModelContent = { readonly digest: string; readonly files: FolderFiles };

/** The statement for a folder that is called so; `hashAll` gives the SHA-256, in hex, of the bytes that these hex digits are, one after the other. */
export function composeModelStatement(
  name: string,
  files: FolderFiles,
  hashAll: (digests: readonly string[]) => string,
): ModelStatement {
  const resources = [...files]
    .toSorted(([left], [right]) => comparePaths(left, right))
    .map(([path, digest]) => ({ name: path, algorithm: 'sha256', digest }));
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: hashAll(resources.map(({ digest }) => digest)) } }],
    predicateType: MODEL_PREDICATE,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ignore_paths: [MODEL_BUNDLE, ...BESIDE_A_MODEL],
      },
      resources,
    },
  };
}

/** What differs between a folder and what was signed of it, each a path; `unsigned` are there and were left out of what is signed. */
type Differences = {
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  readonly added: readonly string[];
  readonly unsigned: readonly string[];
};

/** Holds the files of a folder, the bundle not among them, against the statement that was signed of it. */
export function compareFolder({ predicate }: ModelStatement, files: FolderFiles): Differences {
  const signed = new Map(predicate.resources.map(({ name, digest }) => [name, digest.toLowerCase()]));
  const ignored = predicate.serialization.ignore_paths;
  const others = [...files.keys()].filter((path) => !signed.has(path));
  const [unsigned, added] = [
    others.filter((path) => isBelow(path, ignored)),
    others.filter((path) => !isBelow(path, ignored)),
  ];
  return {
    changed: [...signed].flatMap(([path, digest]) => {
      const found = files.get(path);
      return found === undefined || found === digest ? [] : [path];
    }),
    missing: [...signed.keys()].filter((path) => !files.has(path)),
    added,
    unsigned,
  };
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => folder === '.' || path === folder || path.startsWith(`${folder}/`));
}

/** As Python sorts paths: folder by folder, each name by its code points, where UTF-16 would put some elsewhere. */
function comparePaths(left: string, right: string): number {
  const [mine, others] = [left.split('/'), right.split('/')];
  const at = mine.findIndex((part, depth) => part !== others[depth]);
  const [part, other] = [mine[at], others[at]];
  if (part === undefined || other === undefined) return mine.length - others.length;
  return compareTexts([...part], [...other]);
}

function compareTexts(left: readonly string[], right: readonly string[]): number {
  const at = left.findIndex((character, place) => character !== right[place]);
  const [character, other] = [left[at], right[at]];
  if (character === undefined || other === undefined) return left.length - right.length;
  return (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
}
