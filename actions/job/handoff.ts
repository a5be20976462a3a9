import type { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { handOverSchema } from '../../core/plan/hand-over.ts';

/** What plan has handed over to this job: none reads the event again. */
export type Plan = z.infer<typeof handOverSchema>;

/** Reads the input `plan`. Rejects with a UserError when it is not what the plan action gave, or of another version. */
export function readPlan(text: string): Plan {
  const parsed = handOverSchema.safeParse(parseJson(text));
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
