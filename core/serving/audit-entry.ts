import { z } from 'zod';
import { instantSchema } from '../instant.ts';
import { ROLES } from './route.ts';

/** A token, known by its role and the first characters of its SHA-256. */
const tokenSchema = z.object({ kind: z.literal('token'), role: z.enum(ROLES), fingerprint: z.string() });
/** Somebody on the host itself. */
const onHostSchema = z.object({ kind: z.literal('on-host') });

/** Who asked: by a token, on the host, or nobody that is known. */
const callerSchema = z.discriminatedUnion('kind', [
  tokenSchema,
  onHostSchema,
  z.object({ kind: z.literal('stranger'), address: z.string() }),
]);
export type AuditCaller = z.infer<typeof callerSchema>;

/** One call that changed something, or was to, or that came with no token or too low a role. */
const callSchema = z.object({
  at: instantSchema,
  by: callerSchema,
  method: z.string(),
  /** As its route has it, with the names of its parameters. */
  path: z.string(),
  /** Those of the path: model, version, digest. */
  parameters: z.record(z.string(), z.string()),
  status: z.number().int(),
  /** Why it was refused. */
  code: z.string().optional(),
});
export type AuditCall = z.infer<typeof callSchema>;

/** Calls of one minute beyond those that are told one by one: when the last of them came, whose they were, and how many. */
const restSchema = z.object({
  at: instantSchema,
  by: z.discriminatedUnion('kind', [tokenSchema, onHostSchema, z.object({ kind: z.literal('strangers') })]),
  /** That a labeler may make, that were refused for the role of the token, or that came without a known one. */
  of: z.enum(['labels', 'denied', 'refused']),
  untold: z.number().int().positive(),
});
export type AuditRest = z.infer<typeof restSchema>;

/** What is written down: a call, or how many more there were. */
export const auditEntrySchema = z.union([callSchema, restSchema]);
export type AuditEntry = z.infer<typeof auditEntrySchema>;
