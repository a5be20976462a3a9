import { describe, expect, test } from 'vitest';
import { findTraceback } from '../../actions/train/find-traceback.ts';

describe('a traceback', () => {
  test('is the last one, without a frame when none is the user’s', () => {
    const lines = [
      'Traceback (most recent call last):',
      '  File "/usr/lib/a.py", line 1, in <module>',
      'KeyError: 1',
    ];
    expect(findTraceback(lines, '/home/ada')).toEqual({
      message: 'KeyError: 1',
      file: undefined,
      line: undefined,
    });
  });

  test('is absent where there is none', () => {
    expect(findTraceback(['Killed'], '/home/ada')).toBeUndefined();
  });
});
