import { describe, expect, test } from 'vitest';
import { findLastWords, findTraceback } from '../../actions/job/programs/find-traceback.ts';

test('the last words of a program without a traceback are its own, and none of MLflow’s', () => {
  const lines = [
    '2026/11/21 12:00:00 INFO mlflow.projects.utils: === Created directory /tmp/x ===',
    "2026/11/21 12:00:00 INFO mlflow.projects.backend.local: === Running command 'python fit.py --hidden 1.5' ===",
    'usage: fit.py [-h] [--hidden HIDDEN]',
    "fit.py: error: argument --hidden: invalid int value: '1.5'",
    '',
    '🏃 View run train at: http://127.0.0.1:5000/#/experiments/1/runs/f00',
    '🧪 View experiment at: http://127.0.0.1:5000/#/experiments/1',
    "2026/11/21 12:00:01 ERROR mlflow.cli: === Run (ID 'f00') failed ===",
  ];
  expect(findLastWords(lines)).toBe("fit.py: error: argument --hidden: invalid int value: '1.5'");
  expect(findLastWords(['ERROR mlflow.cli: === Run failed ===', ' '])).toBeUndefined();
  // What it could not begin with is its own to tell.
  const refusal =
    'ERROR mlflow.cli: === Project specified python_env file x.yaml, but no such file was found. ===';
  expect(findLastWords([refusal])).toBe(refusal);
  const engine = ['srun: error: node1: task 0: Exited with exit code 1'];
  expect(findLastWords(['loss is nan', ...engine])).toBe('loss is nan');
  expect(findLastWords(engine)).toBe(engine[0]);
});

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
      isLast: true,
    });
  });

  test('is absent where there is none', () => {
    expect(findTraceback(['Killed'], '/home/ada')).toBeUndefined();
  });
});
