import { ROUTES } from '../../core/serving/routes.ts';
import type { BlobLimits, BlobProblem } from '../store/blobs.ts';
import { endWhenSilent } from './end-when-silent.ts';
import { type Handler, handle } from './handle.ts';
import { Refusal } from './refusal.ts';

/** Which files of packages are here, and taking them in. */
export const PACKAGE_HANDLERS: readonly Handler[] = [
  handle(ROUTES.findPackage, ({ parameters: { digest } }, { context: { blobs } }) => {
    if (blobs.has(digest)) return { digest };
    throw new Refusal({
      status: 404,
      code: 'no-such-package',
      message: 'There is no such package on this host.',
      remedy: 'See /v1/state.',
    });
  }),
  handle(ROUTES.putPackage, async ({ parameters: { digest }, context }, agent) => {
    const { blobs, options, clock } = agent.context;
    if (blobs.has(digest)) {
      context.status(204);
      return;
    }
    const { body } = context.req.raw;
    if (body === null) {
      throw new Refusal({
        status: 400,
        code: 'body-missing',
        message: 'The request has no body.',
        remedy: 'Send the file.',
      });
    }
    const patience = { clock, idleSeconds: options.uploadIdleSeconds };
    const result = await blobs.put(digest, endWhenSilent(body, patience));
    if (!result.ok) throw refuseBlob(result.error, options);
  }),
];

function refuseBlob(problem: BlobProblem, limits: BlobLimits): Refusal {
  switch (problem.kind) {
    case 'too-large':
      return new Refusal({
        status: 413,
        code: 'package-too-large',
        message: `The file is larger than ${limits.maxPackageBytes} bytes.`,
        remedy: 'Raise --max-package-bytes.',
      });
    case 'digest-mismatch':
      return new Refusal({
        status: 422,
        code: 'digest-mismatch',
        message: `The content is ${problem.found}.`,
        remedy: 'Send the file of that digest.',
      });
    case 'disk-full':
      return new Refusal({
        status: 507,
        code: 'disk-full',
        message: `The disk of this host has no room for it: ${limits.reserveBytes} bytes are kept free.`,
        remedy: 'Free space on the disk of its --data-dir, and deploy again.',
      });
  }
}
