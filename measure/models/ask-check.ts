import path from 'node:path';
import { z } from 'zod';
import { runProcess } from '../../adapters/run-process.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import type { RefusedKind } from './played.ts';
import type { Workplace } from './workplace.ts';

const checkedSchema = z.object({
  checked: z.array(
    z.object({
      kind: z.string(),
      subject: z.string(),
      level: z.string().optional(),
      problem: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
    }),
  ),
});

/** The workplace has no workflows: they are no part of a model. */
const LEFT_OUT = 'workflows';

/** What `trainyard check` refuses, with a model where one is named; nothing where all is well. */
export async function askCheck(
  place: Workplace,
  python: string,
  model?: string,
): Promise<RefusedKind | undefined> {
  const asked = model === undefined ? [] : ['--model', model, '--python', python];
  const end = await runProcess({
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      path.join(ROOT, 'cli', 'main.ts'),
      'check',
      '--json',
      ...asked,
    ],
    cwd: place.folder,
    env: process.env,
  });
  const said = end.stdout.join('\n');
  if (!said.startsWith('{'))
    throw new Error(`trainyard check: ${[...end.stdout, ...end.stderr].slice(-12).join('\n')}`);
  const { checked } = checkedSchema.parse(JSON.parse(said));
  const wrong = checked.find(({ level, subject }) => level === 'error' && subject !== LEFT_OUT);
  if (wrong?.problem === undefined) return undefined;
  const { code, message, remedy } = wrong.problem;
  return { kind: 'refused', code, message, remedy };
}
