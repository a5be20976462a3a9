import { z } from 'zod';
import { readWrittenYaml } from '../config/yaml-source.ts';

const namesSchema = z.record(z.string(), z.unknown()).default({});
const calledSchema = z.object({
  on: z.object({ workflow_call: z.object({ inputs: namesSchema, secrets: namesSchema }) }),
  jobs: z.record(
    z.string(),
    z.object({ permissions: z.record(z.string(), z.enum(['read', 'write', 'none'])).default({}) }),
  ),
});

/** What one of our workflows takes, and what its jobs ask of their caller. */
export type CalledWorkflow = {
  readonly inputs: readonly string[];
  readonly secrets: readonly string[];
  /** The most that any of its jobs asks for. */
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>;
};

/** Reads one of our own workflows. Throws when it is not one that can be called. */
export function readCalledWorkflow(text: string): CalledWorkflow {
  const { value } = readWrittenYaml(text, '');
  const { on, jobs } = calledSchema.parse(value);
  const permissions: Record<string, 'read' | 'write'> = {};
  for (const [scope, level] of Object.values(jobs).flatMap((job) => Object.entries(job.permissions))) {
    if (level !== 'none' && permissions[scope] !== 'write') permissions[scope] = level;
  }
  const { inputs, secrets } = on.workflow_call;
  return { inputs: Object.keys(inputs), secrets: Object.keys(secrets), permissions };
}
