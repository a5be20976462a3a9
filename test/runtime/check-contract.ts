import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { goldenSchema } from '../../core/drift/golden/golden.ts';
import { referenceProfileSchema } from '../../core/drift/profile.ts';
import { captureWindowSchema } from '../../core/drift/window.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';

/** A worker's snapshot: the counts of a window, with who counted them and when. */
const captureSchema = captureWindowSchema
  .pick({
    model: true,
    version: true,
    n: true,
    features: true,
    prediction: true,
    invalid: true,
    refused: true,
  })
  .extend({
    schema: z.literal('trainyard.capture/1'),
    worker: z.string(),
    invalidAnswers: z.int().nonnegative(),
    invalidCopies: z.int().nonnegative(),
    startedAt: z.iso.datetime(),
    at: z.iso.datetime(),
  });

const SCHEMAS = new Map<string, z.ZodType>([
  ['manifest', packageManifestSchema],
  ['profile', referenceProfileSchema],
  ['golden', goldenSchema],
  ['capture', captureSchema],
]);

/** Checks `<kind> <file>` pairs against the schemas; exits 1 with the reasons when one does not fit. */
function main(pairs: readonly string[]): number {
  const failures = pairs.flatMap((kind, index) =>
    index % 2 === 0 ? check(kind, pairs[index + 1] ?? '') : [],
  );
  for (const failure of failures) console.error(failure);
  return failures.length === 0 ? 0 : 1;
}

function check(kind: string, file: string): readonly string[] {
  const schema = SCHEMAS.get(kind);
  if (schema === undefined) return [`unknown kind ${kind}`];
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  return parsed.success ? [] : [`${kind}: ${z.prettifyError(parsed.error)}`];
}

process.exitCode = main(process.argv.slice(2));
