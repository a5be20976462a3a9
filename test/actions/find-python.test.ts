import { expect, test } from 'vitest';
import { findPython } from '../../actions/job/find-python.ts';

test.each([
  ['python3', 'python3'],
  ['/opt/venv/bin/python', '/opt/venv/bin/python'],
  ['.venv/bin/python', '/home/ada/.venv/bin/python'],
  ['./python', '/home/ada/python'],
])('the Python that is given as %s is %s', (given, found) => {
  expect(findPython('/home/ada', given)).toBe(found);
});
