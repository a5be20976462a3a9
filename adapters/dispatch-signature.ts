import { createHmac, timingSafeEqual } from 'node:crypto';
import { type DispatchPayload, signingText, type UnsignedPayload } from '../core/serving/dispatch-payload.ts';

/** The payload with its signature: base64 HMAC-SHA256 by the secret that sender and repository share. */
export function signDispatch(secret: string, type: string, payload: UnsignedPayload): DispatchPayload {
  return { ...payload, signature: hmac(secret, type, payload).toString('base64') };
}

/** Whether the payload was signed for this type of dispatch with the secret. Takes the same time whatever it finds. */
export function verifyDispatch(secret: string, type: string, payload: DispatchPayload): boolean {
  const expected = hmac(secret, type, payload);
  const given = Buffer.from(payload.signature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function hmac(secret: string, type: string, payload: UnsignedPayload): Buffer {
  return createHmac('sha256', secret).update(signingText(type, payload)).digest();
}
