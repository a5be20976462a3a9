import { z } from 'zod';
import { SCALES, TASKS } from '../../answers/contract.ts';
import { names, text } from './fields.ts';

/** A class or a label: text, number or flag, read as the text that Python makes of it. */
const name = z
  .union([z.string().min(1), z.number(), z.boolean()], {
    error: 'must be text, a number or true/false',
  })
  .transform((written) => {
    if (typeof written === 'boolean') return written ? 'True' : 'False';
    return String(written);
  });

/** What the model answers, as it is written. */
export const rawAnswersSchema = z.strictObject({
  task: z
    .enum(TASKS)
    .optional()
    .meta({
      description:
        'What an answer is: one of two classes (`binary`), one of many (`multiclass`), any number of them (`multilabel`), a number (`regression`), several quantiles of one (`quantiles`), how relevant a row is beside the others of its query, which `data.holdout.group` names (`ranking`), a free text that only metrics of your own judge (`text`), or a name out of more than can be listed (`open`).',
      examples: ['binary'],
    }),
  classes: z
    .array(name)
    .optional()
    .meta({
      description: 'The classes, in the order of the scores. Labels and answers must be among them.',
      examples: ['[legit, fraud]'],
    }),
  positive: name.optional().meta({
    description:
      'The class of two that is looked for: precision, recall, F1 and one probability are of it. Without it it is known for 0/1, -1/1, False/True and no/yes alone.',
    examples: ['fraud'],
  }),
  quantiles: z
    .array(z.number().gt(0).lt(1))
    .optional()
    .meta({
      description: 'For the task `quantiles`: which are predicted, increasing, in the order of the answers.',
      examples: ['[0.1, 0.5, 0.9]'],
    }),
  labels: z
    .record(z.string(), name)
    .optional()
    .meta({
      description: 'The class that each label of the holdout stands for, where the model calls it otherwise.',
      examples: ['{ "no": 0, "yes": 1 }'],
    }),
  prediction: text(
    'Column or key of the answer that holds the class, the number or the text, where the model gives several.',
    'prediction',
  ).optional(),
  'score-columns': names(
    'Columns or keys of the answer that hold the scores, in the order of the classes, or the quantiles; one alone holds that of the positive class.',
    'probability',
  ).optional(),
  scores: z
    .enum(SCALES)
    .optional()
    .meta({
      description:
        'What scores are: `probabilities`, `logits`, or `none` that are to be read. Of `multilabel` each class has its own: it is answered where it is likelier than not.',
      examples: ['logits'],
    }),
});

export type RawAnswers = z.output<typeof rawAnswersSchema>;
