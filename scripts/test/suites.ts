import { join } from 'node:path';
import { STATE_DIR, venvProgram } from '../checkout.ts';
import type { Suite } from './suite.ts';

const REPORTS = join(STATE_DIR, 'reports');

/** All suites of `npm test`, cheapest first, so that a slip shows within seconds. */
export const SUITES: readonly Suite[] = [
  { name: 'types', command: 'tsc', args: ['--noEmit'], counting: { by: 'exit' } },
  { name: 'lint', command: 'biome', args: ['check', '--error-on-warnings', '.'], counting: { by: 'exit' } },
  {
    name: 'lint-python',
    command: venvProgram('ruff'),
    args: ['check', 'runtime', 'test', 'examples', 'scripts'],
    counting: { by: 'exit' },
  },
  vitestSuite('unit'),
  vitestSuite('contract'),
  pytestSuite('runtime', 'test/runtime'),
  vitestSuite('agent'),
  vitestSuite('acceptance'),
];

function vitestSuite(name: string): Suite {
  const report = join(REPORTS, `${name}.json`);
  return {
    name,
    command: 'vitest',
    args: ['run', '--project', name, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    counting: { by: 'vitest', report },
  };
}

function pytestSuite(name: string, folder: string): Suite {
  const report = join(REPORTS, `${name}.xml`);
  return {
    name,
    command: venvProgram('python'),
    args: ['-m', 'pytest', '-q', `--junitxml=${report}`, folder],
    counting: { by: 'junit', report },
  };
}
