import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../../../sandbox/checkout.ts';

const sourceSchema = z.object({ type: z.literal('prometheus'), uid: z.string() });
const panelSchema = z.object({
  id: z.number().int().positive(),
  type: z.string(),
  title: z.string().min(1),
  description: z.string().min(1),
  datasource: sourceSchema,
  fieldConfig: z.object({
    defaults: z.object({ unit: z.string().optional(), max: z.number().optional() }),
  }),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z
    .array(
      z.object({ refId: z.string(), datasource: sourceSchema, expr: z.string(), legendFormat: z.string() }),
    )
    .min(1),
});
const variableSchema = z.object({
  name: z.string(),
  type: z.enum(['datasource', 'query']),
  datasource: sourceSchema.optional(),
  query: z.union([z.string(), z.object({ query: z.string() })]),
});
const dashboardSchema = z.object({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string().min(1),
  templating: z.object({ list: z.array(variableSchema) }),
  panels: z.array(panelSchema).min(1),
});

/** A dashboard of `deploy/grafana`, as far as tests look into it. */
export type DashboardFile = z.infer<typeof dashboardSchema> & {
  readonly file: string;
  readonly text: string;
};

/** Every dashboard there is. */
export function readDashboards(): readonly DashboardFile[] {
  return globSync('deploy/grafana/*.json', { cwd: ROOT })
    .toSorted()
    .map((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      return { ...dashboardSchema.parse(JSON.parse(text)), file, text };
    });
}
