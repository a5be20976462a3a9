import { createHash } from 'node:crypto';
import { signDispatch } from '../../adapters/dispatch-signature.ts';
import type { DispatchType } from '../../core/names.ts';
import {
  type DispatchPayload,
  MAX_PAYLOAD_CHARACTERS,
  type UnsignedPayload,
} from '../../core/serving/dispatch-payload.ts';
import type { AgentContext } from '../context.ts';

type Body = DispatchPayload['body'];

type Subject = {
  readonly type: DispatchType;
  readonly model: string;
  /** Names what is reported, so that saying it twice (after a crash in between, say) is one report. */
  readonly step: string;
  /** It can't be written down at present, and is kept in this process. */
  readonly isHeld?: boolean;
};

/** Puts a report into the outbox. Nothing when no repository takes reports, or none of that environment. */
export function report(context: AgentContext, subject: Subject, body: Body): void {
  const { type, model, isHeld = false } = subject;
  const { options, store, clock, log } = context;
  if (options.dispatch === undefined) return;
  const unsigned: UnsignedPayload = {
    v: 1,
    id: reportId(store.hostId, subject),
    at: clock.now(),
    from: options.hostName,
    hostId: store.hostId,
    model,
    environment: store.getTraffic(model)?.traffic.environment ?? options.environment,
    body,
  };
  const signed = signDispatch(options.dispatch.secret, type, shorten(unsigned));
  if (signed === undefined) log.warn(`${type} is not sent: no dispatch secret for ${unsigned.environment}`);
  else if (isHeld) store.outbox.hold(type, signed);
  else store.outbox.add(type, signed);
}

function reportId(hostId: string, { type, model, step }: Subject): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([type, hostId, model, step]))
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
