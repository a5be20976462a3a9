import { parse } from 'yaml';
import { z } from 'zod';

const workflowSchema = z.object({
  jobs: z.record(
    z.string(),
    z.looseObject({ steps: z.array(z.looseObject({ uses: z.string().optional() })).default([]) }),
  ),
});

/** Something that reaches a job: an output of another (`train.result`), a secret, a variable, a checkout, or the event. */
type Found = { readonly carried: string; readonly job: string };

/**
 * What a job may use beside our own actions. An artifact that is uploaded leads to people, and into no job as long as none downloads one.
 */
const KNOWN = /^(\$\/actions\/[\w-]+$|actions\/(?:checkout|upload-artifact)@)/;

/** Everything that reaches the jobs of a workflow, by every expression in it; and every step that is none of ours. */
export function findCrossings(text: string): {
  readonly found: readonly Found[];
  readonly strangers: readonly string[];
} {
  const { jobs } = workflowSchema.parse(parse(text));
  const found = Object.entries(jobs).flatMap(([job, { outputs: _, ...body }]) => {
    const carried = new Set([
      ...listExpressions(JSON.stringify(body)),
      ...listCheckouts(JSON.stringify(body)),
    ]);
    return [...carried].map((one) => ({ carried: one, job }));
  });
  const strangers = Object.entries(jobs).flatMap(([job, { steps, container, services }]) => [
    ...steps
      .filter(({ uses }) => uses === undefined || !KNOWN.test(uses))
      .map((step) => `${job}: ${JSON.stringify(step)}`),
    ...[container, services].flatMap((other) =>
      other === undefined ? [] : [`${job}: ${JSON.stringify(other)}`],
    ),
  ]);
  return { found, strangers };
}

function listExpressions(text: string): readonly string[] {
  const outputs = [...text.matchAll(/needs\.(?<job>[\w-]+)\.outputs\.(?<name>[\w-]+)/g)].map(
    ({ groups }) => `${groups?.['job']}.${groups?.['name']}`,
  );
  const others = text.match(/\b(?:secrets|vars)\.[\w-]+/g) ?? [];
  const events = /github\.event(?!\.repository\.default_branch\b|_name)|github\.(?:head_ref|ref\b)/.test(
    text,
  );
  return [...outputs, ...others, ...(events ? ['github.event'] : [])];
}

function listCheckouts(text: string): readonly string[] {
  return [...text.matchAll(/"ref":"\$\{\{ (?<ref>[^}]+) \}\}"/g)].map(({ groups }) => {
    const ref = groups?.['ref'] ?? '';
    return `checkout ${ref === 'github.event.repository.default_branch' ? 'default-branch' : ref.replace('needs.plan.outputs.', '')}`;
  });
}
