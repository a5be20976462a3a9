import { createHash } from 'node:crypto';
import { z } from 'zod';
import { messageOf, ServiceError } from '../../../core/errors.ts';
import { digestOf } from '../../../core/identity/digest.ts';
import { HANDLER_DIGESTS, MODEL_FILES } from '../../../core/serving/handler-digests.ts';
import { readArchive } from './read-archive.ts';

/** Which handlers a host serves beside those that its own version knows: those of these digests, or any. */
export type OtherHandlers = 'any' | readonly string[];

const ARCHIVE_MANIFEST = 'MAR-INF/MANIFEST.json';
const REMEDY =
  'Upgrade the agent to the version that built the package, build the package again with this version, or name the digest in --handlers of the agent if you know whose it is.';

/** What Trainyard writes there: TorchServe would install, import or run what other keys name. */
const archiveManifestSchema = z.strictObject({
  createdOn: z.string(),
  runtime: z.literal('python'),
  model: z.strictObject({
    modelName: z.string(),
    modelVersion: z.string(),
    handler: z.literal('trainyard_handler.py'),
  }),
  archiverVersion: z.string(),
});

/** The digest of a handler's files, by their paths in an archive. */
export function handlerDigest(files: ReadonlyMap<string, Buffer>): string {
  const lines = [...files]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, content]) => `${name} ${digestOfBytes(content)}\n`);
  return digestOfBytes(lines.join(''));
}

/**
 * Rejects with a ServiceError when an archive would run other code than Trainyard's handler and the model's own files, read by whatever
 * program.
 */
export async function checkHandler(archive: string, others: OtherHandlers): Promise<void> {
  if (others === 'any') return;
  const contents = await read(archive);
  const manifest = contents.get(ARCHIVE_MANIFEST);
  const files = new Map([...contents].filter(([name]) => name !== ARCHIVE_MANIFEST));
  const digest = handlerDigest(files);
  if (manifest === undefined || !isOurs(manifest)) {
    throw refuse(archive, `its ${ARCHIVE_MANIFEST} is not one that Trainyard writes`);
  }
  if (!HANDLER_DIGESTS.includes(digest) && !others.includes(digest))
    throw refuse(archive, `its handler is ${digest}, which this version does not know`);
}

async function read(archive: string): ReturnType<typeof readArchive> {
  try {
    return await readArchive(archive, (name) => !isModel(name));
  } catch (thrown) {
    throw refuse(archive, messageOf(thrown));
  }
}

/** Whether a file is data of ours or the model's: neither is what TorchServe imports. */
function isModel(name: string): boolean {
  return MODEL_FILES.some((known) => (known.endsWith('/') ? name.startsWith(known) : name === known));
}

/** Whether TorchServe's manifest is of the one form that Trainyard writes, so that every reader reads the same. */
function isOurs(manifest: Buffer): boolean {
  try {
    const said = archiveManifestSchema.parse(JSON.parse(manifest.toString()));
    return JSON.stringify(said, undefined, 2) === manifest.toString();
  } catch {
    return false;
  }
}

function digestOfBytes(content: string | Buffer): string {
  return digestOf(createHash('sha256').update(content).digest('hex'));
}

function refuse(archive: string, why: string): ServiceError {
  const message = `The package's archive may not be served: ${why.replace(/\.$/, '')}.`;
  return new ServiceError({
    ...{ code: 'handler-unknown', message, remedy: REMEDY },
    where: { kind: 'file', file: archive },
  });
}
