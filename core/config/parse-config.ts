import { z } from 'zod';
import type { Problem } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import { CROSS_CHECKS } from './check-config.ts';
import { checkMetrics } from './check-metrics.ts';
import type { Config } from './config.ts';
import { type CrossProblem, reportCrossProblems } from './cross-problem.ts';
import { describeIssue } from './describe-issue.ts';
import { configSchema, type RawConfig } from './schema/schema.ts';
import { schemaNodeAt } from './schema/schema-node.ts';
import { areTouched, whenRight } from './schema/when-right.ts';
import { toConfig } from './to-config.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

/** Variables of the caller's environment the file may name. Give only those the job means to offer. */
export type Env = Readonly<Record<string, string | undefined>>;

type Section = Exclude<keyof RawConfig, 'version'>;

export type ParseOptions = {
  /**
   * Sections whose variables must all have values (default: every section). In others an unknown `${NAME}` stays as written, so that
   * a job need not hold a secret it has no use for.
   */
  readonly needs?: readonly Section[];
  /**
   * Sections that must be right, beside the model's name (default: all). Another one with anything wrong in it is as if it were not in
   * the file, and so is the gate in any case: for what must be done whatever is wrong elsewhere.
   */
  readonly only?: readonly Section[];
};

/** Where the file's problems lie, the variables it may name, and which of them it must. */
type ParseRequest = ParseOptions & { readonly file: string; readonly env: Env };

const TRACKING_VARIABLE = 'MLFLOW_TRACKING_URI';

/** A value is no part of a command line's words, whatever stands in it: the shell gives it to the program as it is. */
const isForShell = (path: string) => path === 'data.fetch';

/** Reads `trainyard.yml`. Finds all problems at once, each at its line and column in `file`, in the order of the file. */
export function parseConfig(
  text: string,
  { file, env, needs, only }: ParseRequest,
): Result<Config, readonly Problem[]> {
  const isNeeded = (section: string) => needs === undefined || needs.some((needed) => needed === section);
  const counts = (section: string) => only === undefined || isWithin(only, section);
  const source = readYaml(text, { file, env, needs: isNeeded, counts, isForShell });
  if (source.value === undefined || source.value === null) return err(emptyOr(source));
  if (only !== undefined) return parseOnly(source, only, env[TRACKING_VARIABLE] ?? '');
  const parsed = wholeSchema.safeParse(source.value, { reportInput: true });
  const problems = [
    ...source.problems,
    ...placeAll(checkMetrics(source.value), source),
    ...(parsed.success ? [] : describeAll(parsed.error, source)),
  ];
  const trackingUri = env[TRACKING_VARIABLE] ?? '';
  const isUntold = !areTouched(['tracking.uri'], parsed.error?.issues ?? []) && !namesTracking(source.value);
  if (isUntold && trackingUri === '' && isNeeded('tracking')) problems.push(missingTracking(source));
  if (!parsed.success && problems.length === 0) problems.push(...placeAll(findHidden(parsed.error), source));
  return parsed.success && problems.length === 0
    ? ok(toConfig(parsed.data, trackingUri))
    : err(inOrder(problems));
}

function namesTracking(value: unknown): boolean {
  return namingSchema.safeParse(value).success;
}

const namingSchema = z.object({ tracking: z.object({ uri: z.string() }) });

/** The schema with what can be wrong between sections: found beside whatever else is wrong in them. */
const wholeSchema = CROSS_CHECKS.reduce(
  (schema, { reads, find }) =>
    schema.superRefine((raw, context) => {
      const isRight = (read: string) => !areTouched([read], context.issues);
      reportCrossProblems(context, find(raw, isRight));
    }, whenRight(reads)),
  configSchema,
);

const guardSchema = configSchema.omit({ gate: true });

/** The file without its gate, and without the sections that are wrong: what is wrong in these few is a problem all the same. */
function parseOnly(
  source: YamlSource,
  only: readonly Section[],
  trackingUri: string,
): Result<Config, readonly Problem[]> {
  const { gate: _gate, ...sections } = z.record(z.string(), z.unknown()).catch({}).parse(source.value);
  const { error } = guardSchema.safeParse(sections);
  const wrong = new Set(
    error?.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys : issue.path.slice(0, 1),
    ),
  );
  const kept = Object.entries(sections).filter(([key]) => !wrong.has(key) || isWithin(only, key));
  const parsed = guardSchema.safeParse(Object.fromEntries(kept), { reportInput: true });
  const problems = [...source.problems, ...(parsed.success ? [] : describeAll(parsed.error, source))];
  if (!parsed.success || problems.length > 0) return err(inOrder(problems));
  return ok(toConfig({ ...parsed.data, gate: [] }, trackingUri));
}

function isWithin(only: readonly Section[], key: string): boolean {
  return key === 'version' || key === 'model' || only.some((section) => section === key);
}

function describeAll(error: z.ZodError, source: YamlSource): readonly Problem[] {
  return error.issues
    .filter(({ path }) => !source.isUnresolved(path))
    .flatMap((issue) =>
      describeIssue(issue, schemaNodeAt(issue.path)).map(({ key, ...text }) => ({
        ...text,
        where: source.locate(issue.path, key),
      })),
    );
}

/** Where nothing else is wrong, what a variable without a value keeps from being looked at is. */
function findHidden({ issues }: z.ZodError): readonly CrossProblem[] {
  return issues.map((issue) => {
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    return {
      code: 'missing-variable',
      path,
      message: `What stands at \`${path.join('.')}\` names a variable that has no value here, so it can't be looked at.`,
      remedy: 'Give it one for this job, too, or write the value out.',
    };
  });
}

function placeAll(problems: readonly CrossProblem[], source: YamlSource): readonly Problem[] {
  return problems.map(({ path, code, message, remedy }) => ({
    code,
    message,
    remedy,
    where: source.locate(path),
  }));
}

function emptyOr(source: YamlSource): readonly Problem[] {
  if (source.problems.length > 0) return source.problems;
  return [
    {
      code: 'empty-file',
      message: 'The file is empty.',
      remedy: 'Begin with `version: 1`, `model: <name>` and `gate: [{ metric: accuracy, floor: 0.9 }]`.',
      where: source.locate([]),
    },
  ];
}

function missingTracking(source: YamlSource): Problem {
  return {
    code: 'missing-tracking',
    message: `Neither \`tracking.uri\` nor the variable ${TRACKING_VARIABLE} says where MLflow is.`,
    remedy: 'Add `tracking: { uri: "https://mlflow.example.com" }`, or set the variable in the workflow.',
    where: source.locate(['tracking']),
  };
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((left, right) => lineOf(left) - lineOf(right) || columnOf(left) - columnOf(right));
}

function lineOf({ where }: Problem): number {
  return where?.kind === 'file' ? (where.line ?? 0) : 0;
}

function columnOf({ where }: Problem): number {
  return where?.kind === 'file' ? (where.column ?? 0) : 0;
}
