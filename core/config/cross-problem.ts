import { z } from 'zod';

/** Something that each key alone allows and several together do not. `path` is relative to the section that was checked. */
export type CrossProblem = {
  readonly code: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
};

const paramsSchema = z.object({ code: z.string(), remedy: z.string() });

type Report = {
  readonly addIssue: (issue: {
    code: 'custom';
    message: string;
    path: (string | number)[];
    params: z.infer<typeof paramsSchema>;
  }) => void;
};

/** Makes cross problems issues of the schema they were found in, so that they are reported beside all others. */
export function reportCrossProblems(context: Report, problems: readonly CrossProblem[]): void {
  for (const { code, path, message, remedy } of problems) {
    context.addIssue({ code: 'custom', message, path: [...path], params: { code, remedy } });
  }
}

/** The code and remedy a cross problem carries through zod; `undefined` for zod's own issues. */
export function readCrossParams(params: unknown): z.infer<typeof paramsSchema> | undefined {
  const read = paramsSchema.safeParse(params);
  return read.success ? read.data : undefined;
}
