import path from 'node:path';
import process from 'node:process';
import { parseDocument } from 'yaml';
import { z } from 'zod';

const HOLD_JOB = path.join(import.meta.dirname, 'hold-job.mjs');

const expression = z.union([z.string(), z.number()]).transform(String);
const jobSchema = z.looseObject({
  environment: z.union([expression, z.looseObject({ name: expression })]).optional(),
  concurrency: z
    .union([expression, z.looseObject({ group: expression, queue: z.string().optional() })])
    .optional(),
  steps: z.array(z.unknown()),
});
const jobsSchema = z.record(z.string(), z.unknown());

/**
 * A workflow whose jobs wait before their first step for their concurrency group and for the reviewers of their environment: act
 * knows neither key, and these two are taken out of it. Jobs that call a workflow have no steps and stay as they are.
 */
export function gateJobs(text: string): string {
  const document = parseDocument(text);
  const jobs = jobsSchema.safeParse(document.toJS()?.jobs);
  if (!jobs.success) return text;
  let isGated = false;
  for (const [id, value] of Object.entries(jobs.data)) {
    const { data: job } = jobSchema.safeParse(value);
    if (job === undefined || (job.environment ?? job.concurrency) === undefined) continue;
    const { environment = '', concurrency = '', steps } = job;
    const grouped = typeof concurrency === 'string' ? { group: concurrency } : concurrency;
    const step = {
      name: 'Wait as on GitHub',
      shell: 'bash',
      run: `"${process.execPath}" "${HOLD_JOB}"`,
      env: {
        SANDBOX_JOB: id,
        SANDBOX_ENVIRONMENT: typeof environment === 'string' ? environment : environment.name,
        SANDBOX_GROUP: grouped.group,
        SANDBOX_QUEUE: 'queue' in grouped ? grouped.queue : 'single',
      },
    };
    document.setIn(['jobs', id, 'steps'], document.createNode([step, ...steps]));
    document.deleteIn(['jobs', id, 'environment']);
    document.deleteIn(['jobs', id, 'concurrency']);
    isGated = true;
  }
  return isGated ? document.toString({ lineWidth: 0 }) : text;
}
