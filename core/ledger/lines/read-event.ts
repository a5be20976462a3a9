import { z } from 'zod';
import { modelNameSchema } from '../../identity/model-name.ts';
import { packageNameSchema } from '../../identity/package-name.ts';
import { instantSchema } from '../../instant.ts';
import { err, ok, type Result } from '../../result.ts';
import { type LedgerEvent, ledgerEventSchema } from '../event.ts';
import { type Flaw, tolerantChecks } from './tolerant-check.ts';

// What is written obeys the schema of this version to the letter. What is read may come from a newer one, or from before a rule was
// tightened: what it needs must be there, and all else is left as it is.

/** An event of a kind that a newer version wrote: it counts, and moves nothing. */
type UnknownEvent = Pick<LedgerEvent, 'v' | 'id' | 'at' | 'model'> & {
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

const checkOf = tolerantChecks(LOOSER);
const CHECKS = new Map<string, ReturnType<typeof checkOf>>(
  ledgerEventSchema.options.map((option) => [option.shape.kind.value, checkOf(option)]),
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
  const check = CHECKS.get(kindOf(line));
  if (check === undefined) return readUnknown(line);
  const issue = check(line);
  if (isKnown(line, issue)) return ok(line);
  return err(`${issue?.path}: ${issue?.message}`);
}

/** Those of a kind that this version knows. */
export function knownEvents(events: readonly RecordedEvent[]): readonly LedgerEvent[] {
  return events.filter((event) => event.kind !== 'unknown');
}

function readUnknown(line: unknown): Result<UnknownEvent, string> {
  const read = unknownSchema.safeParse(line);
  if (!read.success) {
    const [issue] = read.error.issues;
    return err(`${issue?.path.join('.') || 'event'}: ${issue?.message}`);
  }
  const { kind, ...rest } = read.data;
  return ok({ ...rest, kind: 'unknown', data: { kind } });
}

function kindOf(line: unknown): string {
  return typeof line === 'object' && line !== null && 'kind' in line ? String(line.kind) : '';
}

function isKnown(_line: unknown, issue: Flaw | undefined): _line is LedgerEvent {
  return issue === undefined;
}
