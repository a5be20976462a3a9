import { z } from 'zod';
import { foreignInstantSchema } from '../instant.ts';

/** The parts of GitHub's event payloads that a plan looks at; all others pass by. */

const userSchema = z.object({ login: z.string(), type: z.string().optional() });

/** Whether a program wrote it. GitHub's names of apps end so, and no person's can; the type may be left out. */
export function isBot({ login, type }: z.infer<typeof userSchema>): boolean {
  return type === 'Bot' || login.toLowerCase().endsWith('[bot]');
}

export const repositorySchema = z.object({ repository: z.object({ default_branch: z.string().min(1) }) });

/** In Actions a push lists none of the files it changes. */
export const pushSchema = z.object({
  ref: z.string(),
  before: z.string().optional(),
  after: z.string(),
  deleted: z.boolean().default(false),
  compare: z.string().optional(),
  head_commit: z.object({ message: z.string(), url: z.string().optional() }).nullish(),
});

export const commentSchema = z.object({
  action: z.string(),
  issue: z.object({ number: z.int().positive(), pull_request: z.looseObject({}).optional() }),
  comment: z.object({
    id: z.int().positive(),
    body: z.string(),
    html_url: z.string().optional(),
    created_at: foreignInstantSchema,
    user: userSchema,
  }),
});
export type CommentPayload = z.infer<typeof commentSchema>;

/** What GitHub puts around a dispatch. Its content is anybody's until the type is one of ours: `dispatchPayloadSchema` reads it then. */
export const dispatchSchema = z.object({
  action: z.string().max(100),
  client_payload: z.record(z.string(), z.unknown()).nullish(),
});

export const manualSchema = z.object({
  /** Branch or tag that the run was started on. */
  ref: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).nullish(),
  sender: userSchema.optional(),
});
