import { z } from 'zod';
import type { Problem } from '../../errors.ts';
import { err, ok, type Result } from '../../result.ts';
import { optional } from '../optional.ts';
import { readWrittenYaml } from '../yaml-source.ts';
import type { EntryPoint, Mlproject } from './mlproject.ts';

const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);
/** `lr: float`, or `lr: { type: float, default: 0.1 }`, whose default may be anything. */
const parameterSchema = z.union([
  z.string().transform((type) => ({ type, default: undefined })),
  z.object({ type: z.string().nullish(), default: z.unknown().optional() }),
]);
/** `NAME`, or `[NAME, value]`; MLflow itself refuses anything else. */
const variablesSchema = z.array(
  z.union([
    z.string().transform((name) => ({ name })),
    z.tuple([z.string(), scalarSchema]).transform(([name, value]) => ({ name, value: String(value) })),
  ]),
);
const projectSchema = z.object({
  docker_env: z
    .object({
      image: z.string().optional().catch(undefined),
      volumes: z.array(z.string()).nullish().catch([]),
      environment: variablesSchema.nullish().catch([]),
    })
    .nullish()
    .catch(undefined),
  entry_points: z
    .record(
      z.string(),
      z.object({
        parameters: z.record(z.string(), parameterSchema).nullish(),
        command: z.unknown().optional(),
      }),
    )
    .nullish(),
});

/** Reads an MLproject file as MLflow does: what it does not look at here may be as it likes. */
export function parseMlproject(text: string, file: string): Result<Mlproject, readonly Problem[]> {
  // The dollar signs of a command are the shell's.
  const source = readWrittenYaml(text, file);
  if (source.problems.length > 0) return err(source.problems);
  const parsed = projectSchema.safeParse(source.value ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return err([
      {
        code: 'mlproject-unreadable',
        message: `MLflow can't read this MLproject file: ${issue?.path.join('.')}: ${issue?.message}.`,
        remedy:
          'Write `entry_points: { main: { parameters: { lr: { type: float, default: 0.1 } }, command: … } }`.',
        where: source.locate(issue?.path ?? []),
      },
    ]);
  }
  const entryPoints = Object.entries(parsed.data.entry_points ?? {}).map(
    ([name, { parameters, command }]) => {
      const where = source.locate(['entry_points'], name);
      const typed = Object.entries(parameters ?? {}).map(
        ([key, { type, default: fallback }]) => [key, parameterOf(type ?? 'string', fallback)] as const,
      );
      const line = where.kind === 'file' ? (where.line ?? 1) : 1;
      const entry: EntryPoint = {
        parameters: Object.fromEntries(typed),
        line,
        ...optional('command', z.string().safeParse(command).data),
      };
      return [name, entry] as const;
    },
  );
  const { image, volumes, environment } = parsed.data.docker_env ?? {};
  return ok({
    file,
    entryPoints: Object.fromEntries(entryPoints),
    containerVariables: environment ?? [],
    containerWords: [...(image === undefined ? [] : [image]), ...(volumes ?? [])],
  });
}

/** MLflow takes a default of null for none. */
function parameterOf(type: string, fallback: unknown): EntryPoint['parameters'][string] {
  const isRequired = fallback === undefined || fallback === null;
  return { type, isRequired, ...optional('default', scalarSchema.safeParse(fallback).data) };
}
