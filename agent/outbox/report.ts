import { createHash, createHmac } from 'node:crypto';
import type { DispatchType } from '../../core/names.ts';
import {
  type DispatchPayload,
  MAX_PAYLOAD_CHARACTERS,
  signingText,
  type UnsignedPayload,
} from '../../core/serving/dispatch-payload.ts';
import type { AgentContext } from '../context.ts';

type Body = DispatchPayload['body'];

/**
 * Puts a report into the outbox. `step` names what is reported, so that saying it twice (after a crash in between, say) is one
 * report. Nothing when no repository takes reports.
 */
export function report(
  context: AgentContext,
  type: DispatchType,
  model: string,
  step: string,
  body: Body,
): void {
  const { options, store, clock } = context;
  if (options.dispatch === undefined) return;
  const unsigned: UnsignedPayload = {
    v: 1,
    id: reportId(type, options.hostName, model, step),
    at: clock.now(),
    from: options.hostName,
    model,
    environment: options.environment,
    body,
  };
  const payload = shorten(unsigned);
  store.outbox.add(type, { ...payload, signature: sign(type, payload, options.dispatch.secret) });
}

/** Base64 HMAC-SHA256 over the payload's signing text. */
function sign(type: DispatchType, payload: UnsignedPayload, secret: string): string {
  return createHmac('sha256', secret).update(signingText(type, payload)).digest('base64');
}

function reportId(type: DispatchType, host: string, model: string, step: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([type, host, model, step]))
    .digest('hex');
  return `${type}-${hash.slice(0, 32)}`;
}

/** A report too large for GitHub loses its longest texts and lists, and says so: better short than never delivered. */
function shorten(payload: UnsignedPayload): UnsignedPayload {
  if (JSON.stringify(payload).length <= MAX_PAYLOAD_CHARACTERS - 500) return payload;
  const bySize = Object.entries(payload.body).toSorted(
    ([, left], [, right]) => JSON.stringify(left).length - JSON.stringify(right).length,
  );
  const kept: Record<string, Body[string]> = { truncated: true };
  let size = JSON.stringify({ ...payload, body: kept }).length;
  for (const [key, value] of bySize) {
    size += JSON.stringify({ [key]: value }).length;
    if (size > MAX_PAYLOAD_CHARACTERS - 500) break;
    kept[key] = value;
  }
  return { ...payload, body: kept };
}
