import { parseArgs } from 'node:util';
import { addCounts, formatCounts, NO_TESTS } from '../measure/counts.ts';
import { renderFailures } from '../measure/suite/failures.ts';
import { runSuites, type SuiteResults } from '../measure/suite/run-suites.ts';
import type { Suite } from '../measure/suite/suite.ts';
import { DOCKER_SUITE, HOST_SUITE, newWorldSuite, SUITES } from './test/suites.ts';

const ALL_SUITES = [...SUITES, DOCKER_SUITE, HOST_SUITE];
const HELP = `npm test -- [--docker] [--new-schedules N] [--suite NAME]...

Runs every suite, or the named ones, in three lanes beside each other. Ends with what failed, a line for each suite with the
seconds it took, and one for all: N passed, N failed, N skipped.
Suites: ${SUITES.map((suite) => suite.name).join(', ')}; and with --docker, ${DOCKER_SUITE.name} and ${HOST_SUITE.name}, which need root.
With --new-schedules the world plays so many that no commit has played before, beside all other suites and on what they leave.
`;

// What runs beside ends with this process, however that ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string', multiple: true, default: [] },
      docker: { type: 'boolean', default: false },
      'new-schedules': { type: 'string', default: '0' },
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
  const schedules = Number(values['new-schedules']);
  if (!Number.isSafeInteger(schedules) || schedules < 0) {
    process.stderr.write(`'${values['new-schedules']}' is no number of schedules.\n${HELP}`);
    return 2;
  }
  const named = ALL_SUITES.filter(({ name }) => values.suite.includes(name));
  const usual = values.docker ? ALL_SUITES : SUITES;
  const chosen = named.length > 0 ? named : usual;
  return report(await runSuites(schedules > 0 ? chosen.map((suite) => withNew(suite, schedules)) : chosen));
}

function withNew(suite: Suite, schedules: number): Suite {
  return suite.name === 'world' ? newWorldSuite(schedules) : suite;
}

function report(results: SuiteResults): number {
  const counts = [...results.values()].map((result) => result.counts);
  const total = counts.reduce(addCounts, NO_TESTS);
  const rows = [...results].map(
    ([name, { counts: own, seconds }]) =>
      `  ${name.padEnd(14)} ${Math.round(seconds)} s`.padEnd(26) + formatCounts(own),
  );
  // The end is what one reads, and all that some keep: what failed stands there.
  const failures = [...results].map(([name, { failed }]) => renderFailures(name, failed)).join('');
  process.stdout.write(`${failures}\n${rows.join('\n')}\n${formatCounts(total)}\n`);
  return total.failed === 0 ? 0 : 1;
}
