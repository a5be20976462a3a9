import type { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { handOverSchema } from '../../core/plan/hand-over.ts';

/** What plan has handed over to this job: none reads the event again. */
export type Plan = z.infer<typeof handOverSchema>;

/**
 * Reads the input `plan`. Throws a UserError when it is not what the plan action gave, or of another version, and one that says why when
 * it has been lost on the way.
 */
export function readPlan(text: string): Plan {
  readHandedOn('plan', text);
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

/**
 * An input that an earlier job's output fills in. Throws a UserError when it is empty: the runner drops an output that holds a secret's
 * value, with a warning in that job and nothing in the next.
 */
export function readHandedOn(input: string, value: string): string {
  if (value.trim() !== '') return value;
  throw new UserError([
    {
      code: 'output-dropped',
      message: `The input ${input} arrived empty: it was not passed on, or a secret's value is in it and the runner dropped it.`,
      remedy:
        'Look for the warning "Skip output … since it may contain secret" in the job before this one. A secret whose value is an ordinary word (a user name, the name of the model) is better kept as a variable; else give it another value.',
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
