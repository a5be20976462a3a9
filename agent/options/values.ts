import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { OptionName } from './specs.ts';

/** The longest data folder: Unix sockets lie below it, and their paths may have 107 bytes. */
const MAX_DATA_DIR_LENGTH = 60;

/** An IP address and port to listen on. */
export type Endpoint = { readonly address: string; readonly port: number };

const seconds = z.coerce.number().positive();
const bytes = z.coerce.number().int().positive();
const count = z.coerce.number().int().positive();
const text = z.string().min(1);

/** What each option's text may be, and what becomes of it. */
export const optionValuesSchema = z.object({
  'data-dir': text
    .transform((folder) => resolve(folder))
    .refine((folder) => folder.length <= MAX_DATA_DIR_LENGTH, {
      error: `its path may have ${MAX_DATA_DIR_LENGTH} characters at most, because Unix sockets lie in it`,
    }),
  'host-name': text.max(253),
  environment: text,
  listen: text.transform(parseEndpoint),
  'tls-cert': text.optional(),
  'tls-key': text.optional(),
  'allow-plaintext': z.stringbool(),
  'data-plane': text.transform(parseEndpoint),
  runtime: z.enum(['process', 'docker']),
  python: text,
  'docker-host': text,
  'docker-network': text,
  'docker-memory-bytes': bytes,
  'docker-pids': count,
  'docker-keep-images': count,
  'docker-reserve-bytes': bytes,
  tokens: text.optional(),
  'tokens-file': text.optional(),
  'trusted-keys': text.optional(),
  'github-api-url': z.url({ protocol: /^https?$/ }),
  repository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, { error: 'it is written owner/name' })
    .optional(),
  'github-token': text.optional(),
  'github-token-file': text.optional(),
  'github-app-id': text.optional(),
  'github-app-key-file': text.optional(),
  'dispatch-secret': text.optional(),
  'dispatch-secret-file': text.optional(),
  'tick-seconds': seconds,
  'capture-seconds': seconds,
  'window-seconds': seconds,
  'drift-cycle-seconds': seconds,
  'drift-tolerance': z.coerce.number().positive().max(1),
  'drift-false-alarm-seconds': seconds,
  'heartbeat-seconds': seconds,
  'start-timeout-seconds': seconds,
  'retention-days': z.coerce.number().positive(),
  'max-body-bytes': bytes,
  'max-package-bytes': bytes,
  'reserve-bytes': bytes,
  'max-in-flight': count,
  'sticky-header': z
    .string()
    .regex(/^[\w-]+$/, { error: 'it is the name of a header, as x-user-id' })
    .transform((name) => name.toLowerCase())
    .optional(),
  'envoy-threads': count,
} satisfies Record<OptionName, z.ZodType>);

/** All options, checked one by one. */
export type OptionValues = z.infer<typeof optionValuesSchema>;

function parseEndpoint(value: string, context: z.core.$RefinementCtx<string>): Endpoint {
  const match = /^\[?(?<address>[^\]]+?)\]?:(?<port>\d{1,5})$/.exec(value);
  const { address = '', port = '' } = match?.groups ?? {};
  if (isIP(address) === 0 || Number(port) > 65_535) {
    context.addIssue('it is written <IP address>:<port>, as in 127.0.0.1:9443');
  }
  return { address, port: Number(port) };
}
