import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, signingText, type UnsignedPayload } from '../../../core/serving/dispatch-payload.ts';

const payload: UnsignedPayload = {
  v: 1,
  id: 'brake-12345678',
  at: '2026-01-01T00:00:00Z',
  from: 'host-1',
  model: 'mnist',
  environment: 'production',
  body: { b: [1, { d: null, c: 'x' }], a: true },
};

test('signs type and content in one order', () => {
  expect(signingText('trainyard.brake', payload)).toBe(
    'trainyard.brake\n{"at":"2026-01-01T00:00:00Z","body":{"a":true,"b":[1,{"c":"x","d":null}]},"environment":"production",' +
      '"from":"host-1","id":"brake-12345678","model":"mnist","v":1}',
  );
});

test('signs the same text after a trip through JSON with its keys in another order', () => {
  const { body, ...rest } = payload;
  const reordered: UnsignedPayload = { body: Object.fromEntries(Object.entries(body).toReversed()), ...rest };
  const sent: UnsignedPayload = JSON.parse(JSON.stringify(reordered));
  expect(signingText('t', sent)).toBe(signingText('t', payload));
});

test('signs another text for another type', () => {
  expect(signingText('trainyard.brake', payload)).not.toBe(signingText('trainyard.drift', payload));
});

test('canonical JSON is JSON of the same value, and does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const json: Parameters<typeof canonicalJson>[0] = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(canonicalJson(json))).toEqual(json);
      expect(canonicalJson(JSON.parse(canonicalJson(json)))).toBe(canonicalJson(json));
    }),
  );
});
