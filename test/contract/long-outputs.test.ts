import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { CHAIN_JOBS } from '../../core/plan/chain/chain-jobs.ts';
import { ROOT } from '../../sandbox/checkout.ts';

/** Jobs that run code of the user, who may forge what they say. */
const UNTRUSTED = ['train', 'predict-champion', 'predict', 'build'];
const stepSchema = z.looseObject({ with: z.record(z.string(), z.unknown()).default({}) });
const jobSchema = z.looseObject({ steps: z.array(stepSchema) });
const text = readFileSync(path.join(ROOT, '.github', 'workflows', 'pipeline.yml'), 'utf8');
const { report } = z.looseObject({ jobs: z.looseObject({ report: jobSchema }) }).parse(parse(text)).jobs;

// The operating system gives no program a variable of more than 128 KiB, and who forges the outputs of a job may write a megabyte.
test('is told without the words of the user’s code where they kept it from starting', () => {
  const [first, again] = report.steps;
  expect(again).toMatchObject({
    uses: '$/actions/report',
    if: "always() && steps.report.outputs.decision == ''",
  });
  expect(first).toMatchObject({ id: 'report' });
  const words = (text: unknown) =>
    [...String(text).matchAll(/needs\.([\w-]+)\.outputs/g)].map(([, job]) => job ?? '');
  expect(new Set(words(first?.with['jobs']))).toEqual(new Set(CHAIN_JOBS));
  expect(new Set(words(again?.with['jobs']))).toEqual(
    new Set(CHAIN_JOBS.filter((job) => !UNTRUSTED.includes(job))),
  );
  const ends = (text: unknown) => String(text).match(/needs\.[\w-]+\.result/g);
  expect(ends(again?.with['jobs'])).toEqual(ends(first?.with['jobs']));
  expect(again?.with).toMatchObject({ plan: first?.with['plan'], version: first?.with['version'] });
});
