import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { TriggerEvent } from '../github/events.ts';

const names = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const filterSchema = z
  .looseObject({ types: names.optional(), branches: names.optional() })
  .nullable()
  .catch(null);
const workflowSchema = z.looseObject({
  on: z.union([names, z.record(z.string(), filterSchema)]),
});

/** Whether GitHub would start this workflow for the event, by its `on`: event, activity types and branches. */
export function isTriggeredBy(workflow: string, event: TriggerEvent): boolean {
  const parsed = workflowSchema.safeParse(parse(workflow));
  if (!parsed.success) return false;
  const { on } = parsed.data;
  if (Array.isArray(on)) return on.includes(event.name);
  if (!(event.name in on)) return false;
  const filter = on[event.name];
  return accepts(filter?.types, event.type) && accepts(filter?.branches, event.branch);
}

function accepts(patterns: readonly string[] | undefined, value: string | undefined): boolean {
  if (patterns === undefined || value === undefined) return true;
  return patterns.some((pattern) => path.matchesGlob(value, pattern));
}
