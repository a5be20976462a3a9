import { parseArgs } from 'node:util';
import { addCounts, type Counts, formatCounts, NO_TESTS } from './test/counts.ts';
import { runSuite } from './test/suite.ts';
import { SUITES } from './test/suites.ts';

const HELP = `npm test -- [--suite NAME]...

Runs every suite, or the named ones, and ends with one line: N passed, N failed, N skipped.
Suites: ${SUITES.map((suite) => suite.name).join(', ')}.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const unknown = values.suite.find((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`no suite is called '${unknown}'.\n${HELP}`);
    return 2;
  }
  const chosen = SUITES.filter((suite) => values.suite.length === 0 || values.suite.includes(suite.name));
  return report(await runSuites(chosen));
}

async function runSuites(suites: typeof SUITES): Promise<ReadonlyMap<string, Counts>> {
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
