import { z } from 'zod';

// Apart from the events: whoever reads plan's hand-over needs this, and start-up is quicker without their schemas.

/** What set an operation going. `id` is the correlation id that every event of the operation shares. */
export const causeSchema = z.object({
  kind: z.enum(['push', 'comment', 'dispatch', 'schedule', 'manual', 'deploy', 'agent']),
  id: z.string().min(1).max(200),
  url: z.string().optional(),
});

export type Cause = z.infer<typeof causeSchema>;

/** Whether a person said it, in a comment or by hand. */
export function isSaid({ kind }: Pick<Cause, 'kind'>): boolean {
  return kind === 'comment' || kind === 'manual';
}
