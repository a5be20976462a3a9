import { expect, test } from 'vitest';
import { secretsOf } from '../../../actions/job/host.ts';
import { secretOf } from '../../../core/serving/secret-of.ts';

test.each([
  ['s3cret', 'production', 's3cret'],
  [' s3cret\n', 'staging', 's3cret'],
  ['c2VjcmV0Cg==', 'production', 'c2VjcmV0Cg=='],
  ['production=one\nstaging=two\n', 'production', 'one'],
  ['production=one\r\nstaging=two', 'staging', 'two'],
  ['production=c2VjcmV0Cg==', 'production', 'c2VjcmV0Cg=='],
  ['production=one', 'staging', undefined],
  ['', 'production', ''],
])('of %j those of %s have %j', (secret, environment, token) => {
  expect(secretOf(secret, environment)).toBe(token);
});

test('each of several is masked by itself', () => {
  const masked = secretsOf({ TRAINYARD_AGENT_TOKEN: 'production=one-token\nstaging=other-token' });
  expect(masked).toEqual(expect.arrayContaining(['one-token', 'other-token']));
  expect(secretsOf({ TRAINYARD_DISPATCH_SECRET: 'staging=one-secret' })).toContain('one-secret');
  expect(secretsOf({ TRAINYARD_WEBHOOK: 'staging=https://hooks.test/x' })).toContain('https://hooks.test/x');
});
