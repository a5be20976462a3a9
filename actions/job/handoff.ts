import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { causeSchema } from '../../core/ledger/cause.ts';
import { OPERATIONS } from '../../core/plan/decision.ts';

/** The part of plan's `result` that every later job goes by: none of them reads the event again. */
export const planSchema = z.object({
  schema_version: z.literal(1),
  action: z.literal('plan'),
  decision: z.string(),
  model: z.string().min(1),
  operation: z.enum(OPERATIONS),
  sha: z.string(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  environment: z.string().optional(),
  correlationId: z.string().min(1).max(200),
  version: z.string().optional(),
  pullRequest: z.number().int().positive().optional(),
  dryRun: z.boolean(),
  actor: z.string().min(1),
  cause: causeSchema,
  /**
   * Who serves where this is for, when the plan was made: what the predict phase compares with. It may not read the ledger, since
   * it runs the user's code without a token.
   */
  champion: z.object({ version: z.string(), modelUri: z.string(), runId: z.string() }).optional(),
  /** What the commit would change in the policy, a sentence each. It is shown and has no effect. */
  policyChanges: z.array(z.string()).optional(),
});
export type Plan = z.infer<typeof planSchema>;

/** Reads the input `plan`. Rejects with a UserError when it is not what the plan action gave, or of another version. */
export function readPlan(text: string): Plan {
  const parsed = planSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue === undefined ? '' : ` (${issue.path.join('.') || 'the whole'}: ${issue.message})`;
  throw new UserError([
    {
      code: 'invalid-plan',
      message: `The input plan is not the result of the plan action of this version${place}.`,
      remedy: `Pass \${{ needs.plan.outputs.result }} unchanged, and use the same version of all Trainyard actions.`,
    },
  ]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
