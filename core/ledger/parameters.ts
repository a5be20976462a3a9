import { z } from 'zod';

/** Parameters of a training, by name: what an event keeps, a dispatch asks for, and plan hands over. */
export const parametersSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
