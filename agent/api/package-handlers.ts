import { epochMs } from '../../core/instant.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import type { AgentContext } from '../context.ts';
import type { BlobProblem } from '../store/blobs.ts';
import { listUsers, pruneBlobs } from '../store/package-files.ts';
import { checkRoom, diskFull, SPARED_SECONDS, tooLarge } from './check-room.ts';
import { endWhenSilent } from './end-when-silent.ts';
import { type Handler, handle } from './handle.ts';
import { Refusal } from './refusal.ts';

/** Which files of packages are here, taking them in, and letting them go. */
export const PACKAGE_HANDLERS: readonly Handler[] = [
  handle(ROUTES.findPackage, async ({ parameters: { digest, bytes } }, { context }) => {
    if (context.blobs.has(digest)) {
      // Who asks is about to start it, and finds it here in a moment as well.
      context.blobs.touch(digest, epochMs(context.clock.now()));
      return { digest };
    }
    const refusal = bytes === undefined ? undefined : await checkRoom(context, bytes);
    throw refusal ?? noSuchPackage();
  }),
  handle(ROUTES.putPackage, async ({ parameters: { digest }, call }, { context }) => {
    const { blobs, options, clock } = context;
    if (blobs.has(digest)) {
      call.answer.status = 204;
      return;
    }
    const { body } = call;
    if (body === undefined) {
      throw new Refusal({
        status: 400,
        code: 'body-missing',
        message: 'The request has no body.',
        remedy: 'Send the file.',
      });
    }
    const refusal = await checkRoom(context, Number(call.header('content-length') ?? 0));
    if (refusal !== undefined) throw refusal;
    const patience = { clock, idleSeconds: options.uploadIdleSeconds };
    const result = await blobs.put(digest, endWhenSilent(body, patience));
    if (!result.ok) throw await refuseBlob(context, result.error);
  }),
  handle(ROUTES.deletePackage, ({ parameters: { digest } }, { context }) => {
    const file = context.blobs.list().find((one) => one.digest === digest);
    if (file === undefined) throw noSuchPackage();
    const users = listUsers(context, digest);
    if (users.length > 0) throw inUse(users);
    context.blobs.remove(digest);
    return { files: 1, bytes: file.size };
  }),
  handle(ROUTES.prunePackages, (_, { context }) => {
    const { files, bytes } = pruneBlobs(context, SPARED_SECONDS);
    return { files: files.length, bytes };
  }),
];

function noSuchPackage(): Refusal {
  return new Refusal({
    status: 404,
    code: 'no-such-package',
    message: 'There is no such package on this host.',
    remedy: 'See /v1/state.',
  });
}

function inUse(users: readonly string[]): Refusal {
  return new Refusal({
    status: 409,
    code: 'package-in-use',
    message: `It is needed here by ${users.join(', ')}.`,
    remedy: 'Take that version off the traffic and stop it first.',
  });
}

async function refuseBlob(context: AgentContext, problem: BlobProblem): Promise<Refusal> {
  switch (problem.kind) {
    case 'too-large':
      return tooLarge(context.options.maxPackageBytes);
    case 'digest-mismatch':
      return new Refusal({
        status: 422,
        code: 'digest-mismatch',
        message: `The content is ${problem.found}.`,
        remedy: 'Send the file of that digest.',
      });
    case 'disk-full':
      return diskFull(context);
  }
}
