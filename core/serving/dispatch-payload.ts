import { z } from 'zod';
import { hostIdSchema } from '../identity/host-id.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { instantSchema } from '../instant.ts';
import { parametersSchema } from '../ledger/parameters.ts';

/** GitHub's limits on `client_payload`: top-level keys and characters of JSON. Ours for the size is tighter. */
export const MAX_PAYLOAD_KEYS = 10;
export const MAX_PAYLOAD_CHARACTERS = 48_000;
/** A report older than this is refused as stale; younger ones survive a host's days offline. */
export const MAX_REPORT_AGE_DAYS = 7;

/** What the body of a report that asks for a training wishes for it. */
export const trainingWishSchema = z.object({
  parameters: parametersSchema.default({}),
  reason: z.string().max(500).exactOptional(),
});

/** The training that a report asks to take up again, by its correlation id, and how often it was lost by then. */
export const resumptionSchema = z.object({ resume: z.string().min(1).max(200), round: z.int().positive() });

const knownFields = z.object({
  v: z.literal(1),
  /** Idempotency key; a second dispatch with it is a replay. */
  id: z.string().min(8).max(100),
  at: instantSchema,
  /** Sending host's name, or `monitor-check`. */
  from: z.string().min(1),
  /** Sending host's id; left out by `monitor-check`. */
  hostId: hostIdSchema.exactOptional(),
  model: modelNameSchema,
  environment: z.string().min(1),
  /** The sender's own: a report is obeyed whatever else it says, so only what an operation needs of it is read. */
  body: z.record(z.string(), z.json()),
  signature: z.base64(),
});
/** See `dispatchPayloadSchema`. */
export type DispatchPayload = z.infer<typeof knownFields>;

/**
 * `client_payload` of every dispatch Trainyard sends. `signature` is base64 HMAC-SHA256, by the secret the repository and the
 * sender share, over `<event type>\n<JSON of the payload without signature, keys sorted>`. Fields that are not known here are kept: they
 * were signed with the others.
 */
export const dispatchPayloadSchema: z.ZodType<DispatchPayload> = knownFields.catchall(z.json());

/** A payload before it is signed. */
export type UnsignedPayload = Omit<DispatchPayload, 'signature'>;

/** The text that `signature` signs: both sides must come to the same bytes, whatever order the keys arrived in. */
export function signingText(type: string, payload: UnsignedPayload): string {
  const signed = Object.entries(payload).filter(([name]) => name !== 'signature');
  return `${type}\n${canonicalJson(Object.fromEntries(signed))}`;
}

/** JSON without spaces and with the keys of every object sorted. */
export function canonicalJson(value: z.core.util.JSONType): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}
