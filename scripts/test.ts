import { parseArgs } from 'node:util';
import { addCounts, type Counts, formatCounts, NO_TESTS } from '../measure/counts.ts';
import type { Suite } from './test/suite.ts';
import { runSuite } from './test/suite.ts';
import { DOCKER_SUITE, SUITES } from './test/suites.ts';

const ALL_SUITES = [...SUITES, DOCKER_SUITE];
const HELP = `npm test -- [--docker] [--suite NAME]...

Runs every suite, or the named ones, and ends with one line: N passed, N failed, N skipped.
Suites: ${SUITES.map((suite) => suite.name).join(', ')}; and with --docker, ${DOCKER_SUITE.name}, which needs root.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string', multiple: true, default: [] },
      docker: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const unknown = values.suite.find((name) => !ALL_SUITES.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`no suite is called '${unknown}'.\n${HELP}`);
    return 2;
  }
  const named = ALL_SUITES.filter(({ name }) => values.suite.includes(name));
  const usual = values.docker ? ALL_SUITES : SUITES;
  return report(await runSuites(named.length > 0 ? named : usual));
}

async function runSuites(suites: readonly Suite[]): Promise<ReadonlyMap<string, Counts>> {
  const results = new Map<string, Counts>();
  for (const suite of suites) {
    process.stdout.write(`\n── ${suite.name}\n`);
    results.set(suite.name, await runSuite(suite));
  }
  return results;
}

function report(results: ReadonlyMap<string, Counts>): number {
  const total = [...results.values()].reduce(addCounts, NO_TESTS);
  const rows = [...results].map(([name, counts]) => `  ${name.padEnd(14)} ${formatCounts(counts)}`);
  process.stdout.write(`\n${rows.join('\n')}\n${formatCounts(total)}\n`);
  return total.failed === 0 ? 0 : 1;
}
