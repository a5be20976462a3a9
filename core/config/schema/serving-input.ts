import { z } from 'zod';
import { whole } from './fields.ts';
import { parseFraction } from './quantity.ts';

/** Sides of what a model is given, in pixels: one picture of the largest is 50 MB as float32. */
const MAX_SIDE = 2_048;

const side = z.int().min(1).max(MAX_SIDE);

/** A number, or one number divided by another, such as `1/255`. */
const factor = z
  .union([z.number(), z.string()], { error: 'must be a number or a fraction, such as `1/255`' })
  .meta({ description: 'What each level, from 0 to 255, is multiplied by.', examples: ['1/255'] })
  .transform((written, context): number => {
    const value = typeof written === 'number' ? written : parseFraction(written);
    if (value !== undefined && Number.isFinite(value) && value !== 0) return value;
    context.addIssue({
      code: 'custom',
      message: 'must be a number or a fraction, such as `1/255`, and not 0',
    });
    return z.NEVER;
  });

function perChannel(description: string, example: string) {
  return z
    .array(z.number())
    .min(1)
    .max(3)
    .meta({ description, examples: [example] });
}

/** What clients may send beside tensors and tables, and how it becomes the model's input. */
export const rawServingInputSchema = z.strictObject({
  kind: z.literal('image').meta({
    description:
      'Clients may send pictures (PNG, JPEG, WebP), which become the one tensor that the model takes.',
  }),
  size: z
    .tuple([side, side], { error: `must be two whole numbers from 1 to ${MAX_SIDE}, such as \`[224, 224]\`` })
    .meta({
      description: 'Height and width in pixels of what the model is given.',
      examples: ['[224, 224]'],
    }),
  mode: z.enum(['L', 'RGB']).meta({ description: 'Grey (`L`) or colours (`RGB`).' }),
  'shorter-side': whole(
    'The shorter side is first scaled to so many pixels, and the middle of `size` is cut out. Without it the picture is stretched to `size`.',
    { min: 1, max: MAX_SIDE },
  ).optional(),
  interpolation: z.enum(['nearest', 'bilinear', 'bicubic']).default('bilinear').meta({
    description: 'How a picture is scaled.',
  }),
  scale: factor.prefault(1),
  mean: perChannel(
    'Subtracted after that: one number, or one for each channel.',
    '[0.485, 0.456, 0.406]',
  ).default([0]),
  std: perChannel(
    'Divided by at last: one number, or one for each channel.',
    '[0.229, 0.224, 0.225]',
  ).default([1]),
  layout: z.enum(['CHW', 'HWC', 'HW']).default('CHW').meta({
    description: 'The axes of one picture as the model was logged with: channels, height and width.',
  }),
});
export type RawServingInput = z.output<typeof rawServingInputSchema>;
