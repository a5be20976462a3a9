import { z } from 'zod';
import { margin, names, text } from './fields.ts';

const number = (description: string, example: string) =>
  z.number().meta({ description, examples: [example] });

/** One entry of the gate as it is written; `gateRulesSchema` says what it means. */
export const gateEntrySchema = z.strictObject({
  metric: text(
    'What is judged: a metric of the holdout (`accuracy`, `roc-auc`, `mae`, …) or of the run, `latency-p50`, `latency-p95`, `latency-p99`, `size`, `demographic-parity`, `equalized-odds` or `signature`.',
    'accuracy',
  ).optional(),
  mlflow: text("A metric judged exactly as MLflow's MetricThreshold judges it.", 'accuracy_score').optional(),
  examples: z
    .string()
    .regex(/\.csv$/, { error: 'must be a CSV file' })
    .optional()
    .meta({
      description:
        'A CSV on the default branch of examples that must be answered exactly so: inputs, and the columns `expect`, or `pair` and `relation` (`same`, `higher`, `lower`).',
      examples: ['tests/behaviour.csv'],
    }),
  class: text(
    'For `f1`, `precision` and `recall`: of this class alone, in place of the positive class or the mean over classes.',
    'fraud',
  ).optional(),
  costs: z
    .record(z.string(), z.record(z.string(), z.number()))
    .optional()
    .meta({
      description:
        'For `expected-cost`: what each wrong answer costs, by the true class and then by the answer. A right answer costs nothing unless it is named.',
      examples: ['{ fraud: { legit: 100 }, legit: { fraud: 1 } }'],
    }),
  quantile: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .meta({ description: 'For `pinball`: which quantile the model predicts.', examples: ['0.9'] }),
  floor: number('The least the metric may be, whatever the champion does.', '0.9').optional(),
  ceiling: number('The most the metric may be, whatever the champion does.', '0.5').optional(),
  require: z.enum(['non-inferior', 'superior']).optional().meta({
    description:
      'What the comparison with the champion must show: not worse by more than the margin, or better.',
  }),
  margin: margin(
    "So much worse still counts as not worse: in the metric's unit (`0.005`, `0.5pp`) or as a share of the champion's value (`1%`).",
    '0.005',
  ).optional(),
  'anchor-margin': margin(
    'The same against the best champion of the last year; twice the margin without it. Small losses of one promotion after the other stop there.',
    '0.01',
  ).optional(),
  'min-improvement': z
    .number()
    .nonnegative()
    .optional()
    .meta({ description: 'With `require: superior`: better by at least this.', examples: ['0.01'] }),
  slices: names('Columns on each of whose values the metric must hold up too.', 'region').optional(),
  'slice-policy': z.enum(['guard', 'must-hold']).optional().meta({
    description:
      '`guard` blocks on proof that a slice is worse; `must-hold` wants each slice shown not worse.',
  }),
  'slice-margin': margin('The margin on slices; without it that of the entry.', '0.02').optional(),
  group: text('For a fairness metric: the column of groups that are compared.', 'sex').optional(),
  'at-most': z
    .union([z.number(), z.string()], { error: 'must be a number, a duration or a size' })
    .optional()
    .meta({
      description: 'The limit of a latency (`50ms`), a size (`200MB`) or a fairness gap (`0.1`).',
      examples: ['50ms'],
    }),
  threshold: number('MLflow: the absolute threshold.', '0.9').optional(),
  'min-absolute-change': z
    .number()
    .positive()
    .optional()
    .meta({ description: 'MLflow: the least absolute change.' }),
  'min-relative-change': z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .meta({ description: 'MLflow: the least relative change.' }),
  'greater-is-better': z.boolean().optional().meta({
    description:
      "MLflow: the direction; required unless the metric is one of Trainyard's, whose direction is known.",
  }),
});

export type RawGateEntry = z.output<typeof gateEntrySchema>;
