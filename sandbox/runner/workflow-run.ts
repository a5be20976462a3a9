import { z } from 'zod';
import type { TriggerEvent } from '../github/events.ts';

/** What one job of a run left behind. */
type JobRecord = {
  result: 'success' | 'failure' | 'skipped' | undefined;
  readonly outputs: Map<string, string>;
  /** Errors, warnings and notices, as annotations on files where they name one. */
  readonly annotations: Annotation[];
  readonly summaries: string[];
};

type Annotation = {
  readonly level: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
};

/** One run of one workflow for one event. */
export type WorkflowRun = {
  readonly id: number;
  /** File of the caller workflow, `trainyard.yml`. */
  readonly workflow: string;
  readonly event: TriggerEvent;
  status: 'queued' | 'running' | 'completed';
  conclusion: 'success' | 'failure' | 'cancelled' | undefined;
  /** Everything the jobs printed. */
  readonly log: string;
  readonly jobs: Map<string, JobRecord>;
  /** Values that GitHub would mask: the run's secrets, and what its jobs asked to have masked. */
  readonly masked: Set<string>;
  /** Outputs, `job.name`, that held a masked value: GitHub drops these between jobs, act hands them on. */
  readonly leaks: string[];
  startedAt: string | undefined;
  finishedAt: string | undefined;
};

const lineSchema = z.looseObject({
  jobID: z.string().optional(),
  msg: z.string().optional(),
  jobResult: z.string().optional(),
  command: z.string().optional(),
  name: z.string().optional(),
  arg: z.string().optional(),
  content: z.string().optional(),
  time: z.iso.datetime().optional(),
  kvPairs: z.record(z.string(), z.string()).nullish(),
});
const JOB_RESULTS = ['success', 'failure', 'skipped'] as const;
const LEVELS = ['error', 'warning', 'notice'] as const;
/** Lines that say how act resolved an action, which is of no interest to anyone reading a job's log. */
const NOISE = /LocalRepositoryCache|Cleaning up container/;

/** Folds one line of act's JSON log into the run, and gives the line a person should read, if any. */
export function recordLine(run: WorkflowRun, line: string): string | undefined {
  const parsed = parseLine(line);
  if (parsed === undefined) return line;
  const message = (parsed.msg ?? '').trimEnd();
  if (parsed.jobID === undefined) return message;
  const job = jobOf(run, parsed.jobID);
  const result = JOB_RESULTS.find((known) => known === parsed.jobResult);
  if (result !== undefined) job.result = result;
  if (parsed.command === 'add-mask') maskValue(run, parsed.arg ?? '');
  if (parsed.command === 'set-output' && parsed.name !== undefined) {
    recordOutput(run, job, { name: parsed.name, value: parsed.arg ?? '', of: parsed.jobID });
  }
  if (parsed.command === 'summary') job.summaries.push(parsed.content ?? '');
  const level = LEVELS.find((known) => known === parsed.command);
  if (level !== undefined) job.annotations.push(toAnnotation(level, parsed.arg ?? '', parsed.kvPairs ?? {}));
  return NOISE.test(message) ? undefined : `${parsed.time?.slice(11, 19) ?? ''} [${parsed.jobID}] ${message}`;
}

/** Has the value masked in the run, as GitHub does: line by line. */
export function maskValue(run: WorkflowRun, value: string): void {
  for (const line of value.split(/\r?\n/)) if (line.trim() !== '') run.masked.add(line.trim());
}

function recordOutput(
  run: WorkflowRun,
  job: JobRecord,
  { name, value, of }: { readonly name: string; readonly value: string; readonly of: string },
): void {
  job.outputs.set(name, value);
  if (![...run.masked].some((masked) => value.includes(masked))) return;
  run.leaks.push(`${of}.${name}`);
  const message = `The output ${name} holds a secret: GitHub hands it to no other job. The sandbox fails the run.`;
  job.annotations.push(toAnnotation('error', message, {}));
}

/** An output of a job, the last step that set it winning. */
export function outputOf(run: WorkflowRun, job: string, name: string): string | undefined {
  return run.jobs.get(job)?.outputs.get(name);
}

/** A run in a line: what started it, and how it and each of its jobs ended. */
export function summarizeRun({ id, event, status, conclusion, jobs }: WorkflowRun): string {
  // A job that calls a workflow has no result of its own here: those of the workflow have.
  const ended = [...jobs].flatMap(([job, { result, outputs }]) => {
    const end = outputs.get('reason-code') ?? result;
    return end === undefined ? [] : [`${job} ${end}`];
  });
  return `${id} ${event.type ?? event.name} ${conclusion ?? status}: ${ended.join(', ')}`;
}

/** A run as `GET /_sandbox/runs` shows it. */
export function describeRun(run: WorkflowRun): unknown {
  return {
    ...run,
    masked: run.masked.size,
    event: { name: run.event.name, type: run.event.type, actor: run.event.actor, sha: run.event.sha },
    jobs: Object.fromEntries(
      [...run.jobs].map(([id, { outputs, ...job }]) => [
        id,
        { ...job, outputs: Object.fromEntries(outputs) },
      ]),
    ),
  };
}

function jobOf(run: WorkflowRun, id: string): JobRecord {
  const known = run.jobs.get(id);
  if (known !== undefined) return known;
  const job: JobRecord = { result: undefined, outputs: new Map(), annotations: [], summaries: [] };
  run.jobs.set(id, job);
  return job;
}

function toAnnotation(
  level: Annotation['level'],
  message: string,
  place: Readonly<Record<string, string>>,
): Annotation {
  return {
    level,
    message,
    file: place['file'],
    line: toNumber(place['line']),
    column: toNumber(place['col']),
  };
}

function toNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function parseLine(line: string): z.infer<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
