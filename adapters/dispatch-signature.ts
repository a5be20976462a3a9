import { createHmac, timingSafeEqual } from 'node:crypto';
import { type DispatchPayload, signingText, type UnsignedPayload } from '../core/serving/dispatch-payload.ts';
import { secretOf } from '../core/serving/secret-of.ts';

/**
 * The payload with its signature: base64 HMAC-SHA256 by the secret that sender and repository share for its environment. `undefined`
 * where there is none for that.
 */
export function signDispatch(
  secrets: string,
  type: string,
  payload: UnsignedPayload,
): DispatchPayload | undefined {
  const secret = secretOf(secrets, payload.environment) ?? '';
  if (secret === '') return undefined;
  return { ...payload, signature: hmac(secret, type, payload).toString('base64') };
}

/**
 * Whether the payload was signed for this type of dispatch with the secret of the environment that it is about: who holds that of another
 * speaks for that one only. Takes the same time whatever it finds. `undefined` where the repository has none for that environment.
 */
export function verifyDispatch(secrets: string, type: string, payload: DispatchPayload): boolean | undefined {
  const secret = secretOf(secrets, payload.environment) ?? '';
  if (secret === '') return undefined;
  const expected = hmac(secret, type, payload);
  const given = Buffer.from(payload.signature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function hmac(secret: string, type: string, payload: UnsignedPayload): Buffer {
  return createHmac('sha256', secret).update(signingText(type, payload)).digest();
}
