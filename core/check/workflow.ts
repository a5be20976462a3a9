import { z } from 'zod';
import { readWrittenYaml } from '../config/yaml-source.ts';
import type { Where } from '../errors.ts';

const permissionsSchema = z.union([z.string(), z.record(z.string(), z.string())]);
const branchesSchema = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const triggerSchema = z
  .object({ branches: branchesSchema.optional(), types: branchesSchema.optional() })
  .nullish();
const jobSchema = z.object({
  uses: z.string(),
  with: z.record(z.string(), z.unknown()).default({}),
  secrets: z.union([z.literal('inherit'), z.record(z.string(), z.string())]).default({}),
  permissions: permissionsSchema.optional(),
});
const workflowSchema = z.object({
  on: z.union([
    z.string().transform((one) => ({ [one]: undefined })),
    z.array(z.string()).transform((all) => Object.fromEntries(all.map((one) => [one, undefined]))),
    z.record(z.string(), z.unknown()),
  ]),
  permissions: permissionsSchema.optional(),
  jobs: z.record(z.string(), z.unknown()),
});
const OURS = /(?:^|\/)\.github\/workflows\/(?<name>pipeline|monitor)\.yml(?:@|$)/;

/** What a workflow may do, by scope; `write-all` and the like as they are written. */
export type Permissions = z.infer<typeof permissionsSchema>;

/** A job of the user's that calls one of our workflows. */
export type Caller = {
  readonly calls: 'pipeline' | 'monitor';
  readonly job: string;
  readonly file: string;
  readonly text: string;
  readonly given: z.infer<typeof jobSchema>;
  /** What the job may do: its own word, or its workflow's. */
  readonly permissions: Permissions | undefined;
  /** The events that start it: of which branches, of which types. */
  readonly on: Readonly<Record<string, z.infer<typeof triggerSchema>>>;
  readonly locate: (path: readonly (string | number)[], key?: string) => Where;
};

/** The jobs of a workflow that call ours. One that can't be read has none: GitHub says so itself. */
export function findCallers(file: string, text: string): readonly Caller[] {
  const source = readWrittenYaml(text, file);
  const parsed = workflowSchema.safeParse(source.value);
  if (!parsed.success) return [];
  const { on, permissions, jobs } = parsed.data;
  const triggers = Object.entries(on).map(
    ([event, trigger]) => [event, triggerSchema.catch(undefined).parse(trigger)] as const,
  );
  return Object.entries(jobs).flatMap(([job, written]) => {
    const given = jobSchema.safeParse(written);
    const name = given.success ? OURS.exec(given.data.uses)?.groups?.['name'] : undefined;
    if (!given.success || name === undefined) return [];
    return [
      {
        calls: name === 'monitor' ? 'monitor' : 'pipeline',
        ...{ job, file, text, given: given.data, on: Object.fromEntries(triggers) },
        permissions: given.data.permissions ?? permissions,
        locate: source.locate,
      },
    ];
  });
}
