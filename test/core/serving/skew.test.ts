import { describe, expect, test } from 'vitest';
import { signDispatch, verifyDispatch } from '../../../adapters/dispatch-signature.ts';
import { agentStateSchema, setTrafficSchema, trafficSchema } from '../../../core/serving/api.ts';
import { dispatchPayloadSchema, type UnsignedPayload } from '../../../core/serving/dispatch-payload.ts';
import { hostIdOf } from '../../fixtures/host-id-of.ts';

const TRAFFIC = { stable: '1', candidatePercent: 0, shadow: false };
const STATE = {
  ...{ host: 'serve-1', hostId: hostIdOf('serve-1'), agentVersion: '0.2.0', runtime: 'process' },
  ...{ startedAt: '2026-01-01T00:00:00Z', instances: [], outbox: { pending: 0 } },
  ...{
    traffic: { mnist: { ...TRAFFIC, revision: 3 } },
    dataPlane: { address: '0.0.0.0:8080', healthy: true },
  },
};

/** The same as a version later writes it: with a field more in every object. */
function later(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(later);
  if (typeof value !== 'object' || value === null) return value;
  return {
    ...Object.fromEntries(Object.entries(value).map(([name, part]) => [name, later(part)])),
    addedLater: 1,
  };
}

describe('a side that is a version behind', () => {
  test('reads the answer of an agent with fields that it does not know', () => {
    expect(trafficSchema.parse(later({ ...TRAFFIC, revision: 3 }))).toEqual({ ...TRAFFIC, revision: 3 });
    const { traffic: _traffic, ...rest } = STATE;
    const read = agentStateSchema.parse({
      ...Object(later(rest)),
      traffic: { mnist: later(STATE.traffic.mnist) },
    });
    expect(read).toEqual(STATE);
  });

  test('takes the order of a job with fields that it does not know', () => {
    expect(setTrafficSchema.parse(later(TRAFFIC))).toEqual(TRAFFIC);
  });

  test('believes a report with a field that it does not know, as it was signed', () => {
    const unsigned: UnsignedPayload & { readonly addedLater: string } = {
      ...{ v: 1, id: 'brake-12345678', at: '2026-01-01T00:00:00Z', from: 'host-1', model: 'mnist' },
      ...{ environment: 'production', body: {}, addedLater: 'x' },
    };
    const sent = JSON.parse(JSON.stringify(signDispatch('secret', 'trainyard.brake', unsigned)));
    const received = dispatchPayloadSchema.parse(sent);
    expect(verifyDispatch('secret', 'trainyard.brake', received)).toBe(true);
    const altered = dispatchPayloadSchema.parse({ ...sent, addedLater: 'y' });
    expect(verifyDispatch('secret', 'trainyard.brake', altered)).toBe(false);
  });
});
