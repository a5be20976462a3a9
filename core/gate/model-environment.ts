import { z } from 'zod';
import { digestSchema } from '../identity/digest.ts';

const shared = { python: z.string(), differences: z.array(z.string()) };

/**
 * What a model predicted in: the runner's Python, or one that was built by what the model was logged with, of that digest. `differences` are
 * what the runner's Python has otherwise than where the model was logged.
 */
export const modelEnvironmentSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('runner'), ...shared }),
  z.object({ kind: z.literal('own'), digest: digestSchema, ...shared }),
]);
export type ModelEnvironment = Readonly<z.infer<typeof modelEnvironmentSchema>>;

const MOST_DIFFERENCES = 5;
const DIGEST_SHOWN = 'sha256:'.length + 12;

/** Whether that is the one that it was logged with, as far as the model says. */
export function isOwnEnvironment(environment: ModelEnvironment): boolean {
  return environment.kind === 'own' || environment.differences.length === 0;
}

/** What the report says of it: nothing where the runner's Python is the model's own. */
export function describeEnvironment(who: string, environment: ModelEnvironment): readonly string[] {
  const { kind, python, differences } = environment;
  if (differences.length === 0) return [];
  const more = differences.length - MOST_DIFFERENCES;
  const told = differences.slice(0, MOST_DIFFERENCES).join('; ') + (more > 0 ? `; and ${more} more` : '');
  return kind === 'own'
    ? [
        `${who} predicted in the environment it was logged with (${environment.digest.slice(0, DIGEST_SHOWN)}, Python ${python}); the runner has ${told}.`,
      ]
    : [
        `${who} predicted in the runner's Python, which is not as it was where the model was logged: ${told}. It may answer otherwise than it did.`,
      ];
}
