import type { AgentContext } from '../context.ts';
import { listSpared } from '../store/package-files.ts';
import { Refusal } from './refusal.ts';

/** What nobody has needed for so long goes when space is asked for, in s. */
export const SPARED_SECONDS = 3_600;

/** Why a file of so many bytes can't be taken, said before it is sent; `undefined` when it can. */
export async function checkRoom(context: AgentContext, bytes: number): Promise<Refusal | undefined> {
  const { blobs, options } = context;
  if (bytes > options.maxPackageBytes) return tooLarge(options.maxPackageBytes);
  return (await blobs.room()) < bytes ? diskFull(context) : undefined;
}

/** The refusal of what is larger than this host takes. */
export function tooLarge(maxBytes: number): Refusal {
  return new Refusal({
    status: 413,
    code: 'package-too-large',
    message: `The file is larger than ${maxBytes} bytes.`,
    remedy: 'Raise --max-package-bytes.',
  });
}

/** The refusal of what the disk has no room for, with what would be freed. */
export async function diskFull(context: AgentContext): Promise<Refusal> {
  const { blobs, options } = context;
  const room = Math.max(0, await blobs.room());
  const { files, bytes } = listSpared(context, SPARED_SECONDS);
  return new Refusal({
    status: 507,
    code: 'disk-full',
    message: `The disk of this host has room for ${room} bytes more: ${options.reserveBytes} bytes are kept free.`,
    remedy:
      files.length === 0
        ? 'No package here can go: free space on the disk of its --data-dir, and deploy again.'
        : `Packages that no version needs hold ${bytes} bytes: DELETE /v1/packages frees them. Then deploy again.`,
  });
}
