import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { addCounts, formatCounts, NO_TESTS, type TestOutcome, writeCounts } from '../measure/counts.ts';
import { playScenesOnDocker } from '../measure/scenes/play-on-docker.ts';
import { renderFailures } from '../measure/suite/failures.ts';
import { runSuite, type SuiteResult } from '../measure/suite/suite.ts';
import { STATE_DIR } from '../sandbox/checkout.ts';
import { type DockerHost, withDockerHost } from '../sandbox/docker/docker-host.ts';

const FOLDER = join(STATE_DIR, 'docker');
/** As vitest.config.ts calls them. */
const DOCKER_TESTS = 'docker';
const REPORT = join(STATE_DIR, 'reports', 'docker.json');
const HELP = `npm run test:docker -- [--only tests|scenes] [--keep]

Starts a Docker Engine of its own (own socket, own data in .trainyard/docker), makes a base image, and runs the tests that
need them, then the demo's first train, retrain and bad model on containers.
As root, Debian's docker.io, debootstrap and docker-registry are installed where they are missing.
Some gigabytes of images are deleted at the end; --keep keeps them, and makes the next run minutes shorter.
`;
const PARTS = ['tests', 'scenes'] as const;
type Part = (typeof PARTS)[number];
const NOTHING: TestOutcome = { counts: NO_TESTS, failed: [] };
const SKIPPED: TestOutcome = { counts: { passed: 0, failed: 0, skipped: 1 }, failed: [] };

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      keep: { type: 'boolean', default: false },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const parts = PARTS.filter((part) => values.only === undefined || part === values.only);
  if (values.help || parts.length === 0) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const run = await withDockerHost(FOLDER, values, (docker) => runParts(parts, docker));
  const { counts, failed } = run.ok ? run.value : skip(run.error);
  if (values.report !== undefined) writeCounts(values.report, counts, failed);
  // What failed has its logs there.
  if (counts.failed === 0 && !values.keep) rmSync(FOLDER, { recursive: true, force: true });
  process.stdout.write(`${formatCounts(counts)}\n`);
  return counts.failed === 0 ? 0 : 1;
}

function skip(reason: string): TestOutcome {
  process.stdout.write(`trainyard: ${reason}\n`);
  return SKIPPED;
}

async function runParts(parts: readonly Part[], docker: DockerHost): Promise<TestOutcome> {
  const tested = parts.includes('tests') ? await runSuiteOn(docker) : NOTHING;
  const played = parts.includes('scenes') ? await playScenesOnDocker(docker, join(FOLDER, 'demo')) : NOTHING;
  const failed = [...tested.failed, ...played.failed];
  console.log(renderFailures(DOCKER_TESTS, failed));
  return { counts: addCounts(tested.counts, played.counts), failed };
}

function runSuiteOn({ host, network, base, registry }: DockerHost): Promise<SuiteResult> {
  Object.assign(process.env, {
    TRAINYARD_TEST_DOCKER_HOST: host,
    TRAINYARD_TEST_DOCKER_FOLDER: FOLDER,
    TRAINYARD_TEST_DOCKER_BASE: base,
    TRAINYARD_TEST_DOCKER_NETWORK: network,
    TRAINYARD_TEST_DOCKER_REGISTRY: registry,
  });
  console.log(
    'trainyard: running the tests; the first builds the environment of the images, which takes minutes',
  );
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  return runSuite({
    name: DOCKER_TESTS,
    command: 'vitest',
    args: ['run', '--project', DOCKER_TESTS, ...reporters],
    counting: { by: 'vitest', report: REPORT },
  });
}
