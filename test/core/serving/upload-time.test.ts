import { expect, test } from 'vitest';
import { longestUploadMs } from '../../../core/serving/upload-time.ts';

test('a file has the time that it takes at one Mbit/s, and some to begin with', () => {
  expect(longestUploadMs(0)).toBe(600_000);
  expect(longestUploadMs(5e9)).toBe(600_000 + 40_000_000);
});

test('no file has more than a timer can count', () => {
  expect(longestUploadMs(1e15)).toBe(2 ** 31 - 1);
});
