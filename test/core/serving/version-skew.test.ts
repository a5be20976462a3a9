import { expect, test } from 'vitest';
import { z } from 'zod';
import { goldenSchema } from '../../../core/drift/golden/golden.ts';
import { referenceProfileSchema } from '../../../core/drift/profile.ts';
import { statementSchema } from '../../../core/ledger/statement.ts';
import { handOverSchema } from '../../../core/plan/hand-over.ts';
import { dispatchPayloadSchema } from '../../../core/serving/dispatch-payload.ts';
import { packageManifestSchema } from '../../../core/serving/package-manifest.ts';
import { ROUTES } from '../../../core/serving/routes.ts';

/** What one version writes and another reads: agents, actions and packages are not upgraded together. */
const EXCHANGED: readonly (readonly [name: string, schema: z.core.$ZodType])[] = [
  ...Object.entries(ROUTES).flatMap(([name, { body, answer, parameters }]) => [
    [`what ${name} is asked`, body] as const,
    [`what ${name} answers`, answer] as const,
    [`how ${name} is called`, parameters] as const,
  ]),
  ['a report of an agent', dispatchPayloadSchema],
  ["plan's hand-over", handOverSchema],
  ["a package's manifest", packageManifestSchema],
  ["a package's reference profile", referenceProfileSchema],
  ["a package's golden examples", goldenSchema],
  ['a signed statement', statementSchema],
];

/** The places of a schema where a field that it does not know is an error. */
function strictPlaces(schema: unknown, path = '', seen = new Set<unknown>()): readonly string[] {
  if (!(schema instanceof z.core.$ZodType) || seen.has(schema)) return [];
  seen.add(schema);
  const isStrict = schema instanceof z.ZodObject && schema.def.catchall instanceof z.ZodNever;
  const own = isStrict ? [path || '(the whole)'] : [];
  const parts = schema instanceof z.ZodObject ? schema.shape : schema._zod.def;
  const inner = Object.entries(parts).flatMap(([name, part]) =>
    (Array.isArray(part) ? part : [part]).flatMap((one) => strictPlaces(one, `${path}.${name}`, seen)),
  );
  return [...own, ...inner];
}

test.each(EXCHANGED)('%s may have fields that only a newer version knows, at any depth', (_name, schema) => {
  expect(strictPlaces(schema)).toEqual([]);
});
