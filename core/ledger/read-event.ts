import { z } from 'zod';
import { modelNameSchema } from '../identity/model-name.ts';
import { packageNameSchema } from '../identity/package-name.ts';
import { instantSchema } from '../instant.ts';
import { err, ok, type Result } from '../result.ts';
import { type LedgerEvent, ledgerEventSchema } from './event.ts';

// What is written obeys the schema of this version to the letter. What is read may come from a newer one, or from before a rule was
// tightened: what it needs must be there, and all else is left as it is.

/** An event of a kind that a newer version wrote: it counts, and moves nothing. */
export type UnknownEvent = Pick<LedgerEvent, 'v' | 'id' | 'at' | 'model'> & {
  readonly kind: 'unknown';
  readonly cause: { readonly kind: string; readonly id: string };
  readonly data: { readonly kind: string };
};

/** An event as a ledger holds it. */
export type RecordedEvent = LedgerEvent | UnknownEvent;

/** Names that were allowed to be longer once, and what only its signature can vouch for. */
const LOOSER = new Map<z.core.$ZodType, z.ZodType>([
  [modelNameSchema, z.string().min(1)],
  [packageNameSchema, z.string().regex(/^[^@]+@sha256:[0-9a-f]{64}$/)],
]);

const READ = new Map<string, z.ZodType>(
  ledgerEventSchema.options.map((option) => [option.shape.kind.value, loosen(option)]),
);

const unknownSchema = z.object({
  v: z.literal(1),
  kind: z.string().min(1),
  id: z.string().min(1),
  at: instantSchema,
  model: z.string().min(1),
  cause: z.object({ kind: z.string(), id: z.string() }),
});

/** An event of a kind that this version knows, in a file that another version may have written. */
export const knownEventSchema = z.custom<LedgerEvent>(
  (line) => {
    const read = readEvent(line);
    return read.ok && read.value.kind !== 'unknown';
  },
  { error: 'is no event of a known kind' },
);

/** The event in a line of the ledger, its unknown fields kept; why there is none, when a field that is needed is missing or damaged. */
export function readEvent(line: unknown): Result<RecordedEvent, string> {
  const kind = kindOf(line);
  const schema = READ.get(kind);
  if (schema === undefined) return readUnknown(line);
  const issue = firstIssue(schema, line);
  return isKnown(line, issue) ? ok(line) : err(issue ?? 'not an event');
}

/** Those of a kind that this version knows. */
export function knownEvents(events: readonly RecordedEvent[]): readonly LedgerEvent[] {
  return events.filter((event) => event.kind !== 'unknown');
}

function readUnknown(line: unknown): Result<UnknownEvent, string> {
  const read = unknownSchema.safeParse(line);
  if (!read.success) return err(firstIssue(unknownSchema, line) ?? 'not an event');
  const { kind, ...rest } = read.data;
  return ok({ ...rest, kind: 'unknown', data: { kind } });
}

function kindOf(line: unknown): string {
  return typeof line === 'object' && line !== null && 'kind' in line ? String(line.kind) : '';
}

function isKnown(_line: unknown, issue: string | undefined): _line is LedgerEvent {
  return issue === undefined;
}

function firstIssue(schema: z.ZodType, value: unknown): string | undefined {
  const read = schema.safeParse(value);
  if (read.success) return undefined;
  const [issue] = read.error.issues;
  return issue === undefined ? 'not an event' : `${issue.path.join('.') || 'event'}: ${issue.message}`;
}

/** The schema without its objections to fields it does not know. */
function loosen(schema: z.core.$ZodType): z.ZodType {
  const looser = LOOSER.get(schema);
  if (looser !== undefined) return looser;
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
    return z.looseObject(
      Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, loosen(field)])),
    );
  }
  if (schema instanceof z.ZodOptional) return loosen(schema.unwrap()).optional();
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodObject)
    return z.array(loosen(schema.element));
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError('A schema of an event is of a kind that can not be read tolerantly.');
}
