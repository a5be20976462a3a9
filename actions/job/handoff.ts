import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import type { SearchSummary } from '../../core/ledger/search/search-summary.ts';
import { type JobEnds, jobEndsSchema } from '../../core/plan/chain/chain-jobs.ts';
import { registeredSchema, searchedSchema, trainedSchema } from '../../core/plan/chain/handed-on.ts';
import { handOverSchema } from '../../core/plan/hand-over.ts';

/** What plan has handed over to this job: none reads the event again. */
export type Plan = z.infer<typeof handOverSchema>;

/**
 * Reads the input `plan`. Throws a UserError when it is not what the plan action gave, or of another version, and one that says why when
 * it has been lost on the way.
 */
export function readPlan(text: string): Plan {
  return readResult({ input: 'plan', text, schema: handOverSchema, action: 'plan' });
}

/** What the job that ran the training says of it. */
export type Trained = z.infer<typeof trainedSchema>;

/** Reads the input `training`. Throws likewise. */
export function readTraining(text: string): Trained {
  return readResult({ input: 'training', text, schema: trainedSchema, action: 'train' });
}

/** What the job that ran a search says it came to, in the input `training`; `undefined` when it failed, or was lost before it could say so. */
export function readSearch(text: string): SearchSummary | undefined {
  const read = searchedSchema.safeParse(parseJson(text));
  return read.success ? read.data.search : undefined;
}

/** A registered version as the ledger has it. */
export type Registered = z.infer<typeof registeredSchema>;

/** Reads the input `registered`. Throws likewise. */
export function readRegistered(text: string): Registered {
  return readResult({ input: 'registered', text, schema: registeredSchema, action: 'register' });
}

/** Whether a result is that of a job that has failed. */
export function hasFailed(text: string): boolean {
  return z.looseObject({ decision: z.literal('failure') }).safeParse(parseJson(text)).success;
}

/** Reads the input `jobs`. Throws a UserError when it says of no jobs how they ended. */
export function readJobs(text: string): JobEnds {
  const parsed = jobEndsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError([
    {
      code: 'invalid-jobs',
      message: `The input jobs does not say how jobs ended (${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'no JSON'}).`,
      remedy: 'Fill it in as the job report of pipeline.yml of this version does.',
    },
  ]);
}

type HandedResult<T> = {
  readonly input: string;
  readonly text: string;
  readonly schema: z.ZodType<T>;
  /** The action that gave it, and the job of pipeline.yml that ran it. */
  readonly action: string;
};

function readResult<T>({ input, text, schema, action }: HandedResult<T>): T {
  readHandedOn(input, text);
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue === undefined ? '' : ` (${issue.path.join('.') || 'the whole'}: ${issue.message})`;
  throw new UserError([
    {
      code: `invalid-${input}`,
      message: `The input ${input} is not the result of the ${action} action of this version${place}.`,
      remedy: `Pass \${{ needs.${action}.outputs.result }} unchanged, and use the same version of all Trainyard actions.`,
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
