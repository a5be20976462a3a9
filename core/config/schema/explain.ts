import { z } from 'zod';
import { duration, whole } from './fields.ts';

/** How answers are explained: by whatever fits the model, by Captum, by SHAP, or by shuffling columns. */
export const EXPLAIN_METHODS = ['auto', 'captum', 'shap', 'permutation'] as const;

export const explainSchema = z.strictObject({
  method: z.enum(EXPLAIN_METHODS).default('auto').meta({
    description:
      '`permutation` shuffles one column after the other and tells what that costs; `captum` looks into networks of `mlflow.pytorch`, `shap` into trees, where they are installed beside the model. `auto` is what fits the model of these, and `permutation` for all others.',
  }),
  rows: whole('Examples of the holdout that are looked at, the same for both models.', {
    min: 20,
    max: 10_000,
  }).default(200),
  timeout: duration(
    'The longest that one model may take for it, beyond the time for its answers; what is done by then is shown.',
    '1m',
  ).prefault('1m'),
});
