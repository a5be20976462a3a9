import { z } from 'zod';
import { duration, parameterName, scalar, text, whole } from './fields.ts';

/** Ways to end trainings of a search early. */
export const PRUNINGS = ['median', 'hyperband', 'none'] as const;

/** The most of each. */
export const SEARCH_LIMITS = { trials: 10_000, jobs: 64, runners: 64 } as const;

const range = z.tuple([z.number(), z.number()]).refine(([low, high]) => low < high, {
  error: 'must be [lowest, highest], the first smaller than the second',
});
const wholeRange = z.tuple([z.int(), z.int()]).refine(([low, high]) => low < high, {
  error: 'must be [lowest, highest], the first smaller than the second',
});

/** One parameter's values: exactly one of the keys. */
const dimensionSchema = z
  .strictObject({
    uniform: range.optional().meta({ description: 'Any number in between.', examples: ['[0, 0.5]'] }),
    log: range
      .refine(([low]) => low > 0, { error: 'must begin above 0' })
      .optional()
      .meta({ description: 'Any number in between, on a logarithmic scale.', examples: ['[0.0001, 0.1]'] }),
    int: wholeRange.optional().meta({ description: 'Any whole number in between.', examples: ['[1, 8]'] }),
    choice: z
      .array(scalar)
      .min(1)
      .optional()
      .meta({ description: 'One of these.', examples: ['[16, 32, 64]'] }),
  })
  .refine((dimension) => Object.values(dimension).filter((value) => value !== undefined).length === 1, {
    error: 'must have exactly one of `uniform`, `log`, `int` and `choice`',
  });

/** The hyper-parameter search as it is written. */
export const searchSchema = z.strictObject({
  trials: whole('Trainings in all.', { min: 1, max: SEARCH_LIMITS.trials }).default(20),
  jobs: whole('Trainings at the same time on one host.', { min: 1, max: SEARCH_LIMITS.jobs }).default(1),
  runners: whole(
    'Runners that search at the same time, each with `jobs` trainings. More than one need `storage`. It counts as the default branch has it.',
    { min: 1, max: SEARCH_LIMITS.runners },
  ).default(1),
  storage: text(
    'Optuna storage that all workers share, by the variable that holds its address; without it a file beside the training.',
    `\${OPTUNA_STORAGE}`,
  ).optional(),
  metric: text('MLflow metric that is optimised.', 'val_accuracy'),
  direction: z
    .enum(['maximize', 'minimize'])
    .default('maximize')
    .meta({ description: 'Which way is better.' }),
  timeout: duration('No new training starts after this.', '12h').optional(),
  seed: whole('Seed of the sampler.', { min: 0, max: 2 ** 31 - 1 }).default(0),
  pruning: z.enum(PRUNINGS).default('median').meta({
    description: 'Ends trainings early whose metric is worse at a step than that of most others, or never.',
  }),
  parameters: z
    .record(parameterName, scalar)
    .default({})
    .meta({
      description:
        'Values of other parameters while it searches, such as a smaller share of the data; the training after it has those of `project.parameters`.',
      examples: ['{ share: 0.7 }'],
    }),
  space: z
    .record(parameterName, dimensionSchema)
    .refine((space) => Object.keys(space).length > 0, { error: 'must have a parameter to vary' })
    .meta({
      description: 'The values tried of each parameter.',
      examples: ['{ lr: { log: [0.0001, 0.1] } }'],
    }),
});

export type RawDimension = z.output<typeof dimensionSchema>;
