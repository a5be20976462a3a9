import { z } from 'zod';
import { instantSchema } from '../instant.ts';
import { locate, ROLES } from './route.ts';

/** Who asked: by a token, known by its role and the first characters of its SHA-256; somebody on the host itself; or nobody that is known. */
const callerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('token'), role: z.enum(ROLES), fingerprint: z.string() }),
  z.object({ kind: z.literal('on-host') }),
  z.object({ kind: z.literal('stranger'), address: z.string() }),
]);
export type AuditCaller = z.infer<typeof callerSchema>;

/** One call that changed something, or was to, or that came with no token or too low a role. */
export const auditEntrySchema = z.object({
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
  /** How many refused ones before it were too many to be written down. */
  untold: z.number().int().positive().optional(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** An entry as one line: when, who, what and what became of it. */
export function tellAuditEntry({ at, by, status, code, untold, ...call }: AuditEntry): string {
  const what = `${call.method} ${locate(call, call.parameters)}`;
  const more = untold === undefined ? '' : ` (and ${untold} like it before)`;
  return `${at} ${tellCaller(by)} ${what} ${status}${code === undefined ? '' : ` ${code}`}${more}`;
}

function tellCaller(by: AuditCaller): string {
  switch (by.kind) {
    case 'token':
      return `${by.role} ${by.fingerprint}`;
    case 'on-host':
      return 'on-host';
    case 'stranger':
      return `stranger ${by.address}`;
  }
}
