import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { digestSchema } from '../../core/identity/digest.ts';

/** The longest data folder: Unix sockets lie below it, and their paths may have 107 bytes. */
const MAX_DATA_DIR_LENGTH = 60;

/** An IP address and port to listen on. */
type Endpoint = { readonly address: string; readonly port: number };

/** Text that is not empty. */
export const text = z.string().min(1);
/** The path of a file that is read where the option is used; none when not given. */
export const file = text.optional();
/** A duration in s. */
export const seconds = z.coerce.number().positive();
/** A duration in days. */
export const days = z.coerce.number().positive();
/** A size in bytes. */
export const bytes = z.coerce.number().int().positive();
/** A share of a whole: none, or from one in a million on to all. */
export const share = z.coerce
  .number()
  .min(0)
  .max(1)
  .refine((value) => value === 0 || value >= 1e-6, { error: 'it is 0, or 0.000001 at least' });
/** How many, one at least. */
export const count = z.coerce.number().int().positive();

/** Digests separated by commas, or `any`. */
export const handlers = z.string().transform((written, context): 'any' | readonly string[] => {
  if (written === 'any') return written;
  const digests = written.split(',').filter((digest) => digest !== '');
  if (digests.every((digest) => digestSchema.safeParse(digest).success)) return digests;
  context.addIssue('it is any, or digests as sha256:…, separated by commas');
  return z.NEVER;
});

/** An address and port, as `127.0.0.1:9443`. */
export const endpoint = text.transform(parseEndpoint);

/** A folder, made absolute, whose path leaves room for the sockets in it. */
export const dataDir = text
  .transform((folder) => resolve(folder))
  .refine((folder) => folder.length <= MAX_DATA_DIR_LENGTH, {
    error: `its path may have ${MAX_DATA_DIR_LENGTH} characters at most, because Unix sockets lie in it`,
  });

/** The base of a service's URLs, without the slash at its end. */
export const baseUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/$/, ''));

/** A repository on GitHub, as `owner/name`. */
export const repository = z.string().regex(/^[\w.-]+\/[\w.-]+$/, { error: 'it is written owner/name' });

/** The name of a header, in lower case. */
export const headerName = z
  .string()
  .regex(/^[\w-]+$/, { error: 'it is the name of a header, as x-user-id' })
  .transform((name) => name.toLowerCase());

function parseEndpoint(value: string, context: z.core.$RefinementCtx<string>): Endpoint {
  const match = /^\[?(?<address>[^\]]+?)\]?:(?<port>\d{1,5})$/.exec(value);
  const { address = '', port = '' } = match?.groups ?? {};
  if (isIP(address) === 0 || Number(port) > 65_535) {
    context.addIssue('it is written <IP address>:<port>, as in 127.0.0.1:9443');
  }
  return { address, port: Number(port) };
}
