import { expect, test } from 'vitest';
import { signDispatch, verifyDispatch } from '../../adapters/dispatch-signature.ts';
import type { UnsignedPayload } from '../../core/serving/dispatch-payload.ts';

const BOTH = 'staging=one-secret\nproduction=other-secret';
const TYPE = 'trainyard.retrain';

function about(environment: string): UnsignedPayload {
  return {
    ...{ v: 1, id: 'retrain-of-somebody', at: '2026-11-21T09:00:00.000Z', from: 'serve-1', model: 'mnist' },
    ...{ environment, body: {} },
  };
}

/** What a repository with both secrets says to a report that was signed so. */
function hear(secrets: string, environment: string, change: Partial<UnsignedPayload> = {}) {
  const signed = signDispatch(secrets, TYPE, about(environment));
  if (signed === undefined) return 'not signed';
  return verifyDispatch(BOTH, TYPE, { ...signed, ...change });
}

test.each<[string, string, boolean]>([
  ['one-secret', 'staging', true],
  ['other-secret', 'production', true],
  ['one-secret', 'production', false],
  ['other-secret', 'staging', false],
  ['staging=one-secret', 'staging', true],
  [BOTH, 'staging', true],
  [BOTH, 'production', true],
  ['production=one-secret', 'production', false],
])('who holds %j is believed of %s: %s', (secrets, environment, expected) => {
  expect(hear(secrets, environment)).toBe(expected);
});

test('the environment is signed with the rest', () => {
  expect(hear('one-secret', 'staging', { environment: 'production' })).toBe(false);
});

test('nobody signs for an environment whose secret they do not hold', () => {
  expect(hear('staging=one-secret', 'production')).toBe('not signed');
  expect(hear('', 'production')).toBe('not signed');
});

test('a repository believes nothing of an environment that it has no secret for', () => {
  const signed = signDispatch('one-secret', TYPE, about('canary'));
  if (signed === undefined) throw new Error('not signed');
  for (const secrets of [BOTH, '', ' \n']) expect(verifyDispatch(secrets, TYPE, signed)).toBeUndefined();
  expect(verifyDispatch('one-secret', TYPE, signed)).toBe(true);
});
