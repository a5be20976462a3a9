import { z } from 'zod';

const MOST_FEATURES = 1000;
const MOST_SLICES = 20;
const count = z.int().nonnegative();
const text = z.string().max(2000);
/** Beyond it the difference of two is no number that can be drawn. */
const LARGEST = 1e100;
const value = z.number().min(-LARGEST).max(LARGEST).nullable();
const seconds = z.number().nonnegative().max(1e9);

/** What a loss is called that a shuffle adds to, or `attribution` for what a method that looks into a model gives. */
const MEASURES = [
  'accuracy',
  'mae',
  'mean-pinball',
  'hamming-loss',
  'score-change',
  'answers-changed',
  'attribution',
] as const;
export type Measure = (typeof MEASURES)[number];

const common = {
  asked: z.object({ method: text, rows: count, seconds }),
  /** What it took, and what the predictions of the whole holdout did. */
  seconds,
  evaluationSeconds: seconds,
};

/**
 * What one model's answers hang on, as the job that predicted wrote it: data from a job that ran a user's code. `why` stands alone where
 * nothing could be measured; `time` is that there was none left. Importances are null where a feature had no turn.
 */
export const explanationSchema = z.union([
  z.object({
    ...common,
    method: z.enum(['captum', 'shap', 'permutation']),
    /** Why it is not by what looks into the model. */
    instead: text.optional(),
    measure: z.enum(MEASURES),
    rows: count,
    of: count,
    /** Values of one row: more than features where these are blocks or tiles. */
    values: count,
    /** Tiles down and across of what is laid out as a picture. */
    grid: z.tuple([count, count]).nullable(),
    rounds: count,
    done: count,
    stopped: text.optional(),
    features: z
      .array(z.object({ name: text, value, spread: value }))
      .min(1)
      .max(MOST_FEATURES),
    slices: z
      .array(z.object({ name: text, rows: count, values: z.array(value).max(MOST_FEATURES) }))
      .max(MOST_SLICES),
  }),
  z.object({ ...common, why: text }),
]);
export type Explanation = z.infer<typeof explanationSchema>;
/** One that has importances. */
export type Importances = Extract<Explanation, { readonly features: unknown }>;

/** Whether there is anything to show. */
export function isShown(explanation: Explanation | undefined): explanation is Importances {
  return explanation !== undefined && 'features' in explanation;
}
