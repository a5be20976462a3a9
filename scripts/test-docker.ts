import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { STATE_DIR } from './checkout.ts';
import { makeBaseImage } from './docker/base-image.ts';
import { type Engine, startEngine, TEST_NETWORK } from './docker/engine.ts';
import { type DockerHost, playScenesOnDocker } from './docker/play-scenes.ts';
import { type Registry, startRegistry } from './docker/registry.ts';
import { addCounts, type Counts, formatCounts, NO_TESTS } from './test/counts.ts';
import { runSuite } from './test/suite.ts';

const FOLDER = join(STATE_DIR, 'docker');
const REPORT = join(STATE_DIR, 'reports', 'docker.json');
const HELP = `npm run test:docker -- [--only tests|scenes]

Starts a Docker Engine of its own (own socket, own data in .trainyard/docker), makes a base image, and runs the tests that
need them, then the demo's first train, retrain and bad model on containers.
As root, Debian's docker.io, debootstrap and docker-registry are installed where they are missing.
`;
const PARTS = ['tests', 'scenes'] as const;
type Part = (typeof PARTS)[number];

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  const parts = PARTS.filter((part) => values.only === undefined || part === values.only);
  if (values.help || parts.length === 0) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const started = await startEngine(FOLDER);
  if (!started.ok) {
    process.stdout.write(`${started.error}\n${formatCounts({ passed: 0, failed: 0, skipped: 1 })}\n`);
    return 0;
  }
  const engine = started.value;
  stopWith(engine);
  try {
    const registry = await startRegistry(FOLDER);
    const counts = await runParts(parts, engine, registry).finally(registry.stop);
    process.stdout.write(`${formatCounts(counts)}\n`);
    return counts.failed === 0 ? 0 : 1;
  } finally {
    await engine.stop();
  }
}

/** A run that is interrupted leaves no engine behind. */
function stopWith(engine: Engine): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void engine.stop().finally(() => process.exit(130)));
  }
}

async function runParts(parts: readonly Part[], engine: Engine, registry: Registry): Promise<Counts> {
  await removeContainers(engine);
  const base = await makeBaseImage(engine, FOLDER);
  const docker = { host: engine.host, network: TEST_NETWORK, base, registry: registry.address };
  const tested = parts.includes('tests') ? await runSuiteOn(docker) : NO_TESTS;
  const played = parts.includes('scenes') ? await playScenesOnDocker(docker, join(FOLDER, 'demo')) : NO_TESTS;
  return addCounts(tested, played);
}

function runSuiteOn({ host, network, base, registry }: DockerHost): Promise<Counts> {
  Object.assign(process.env, {
    TRAINYARD_TEST_DOCKER_HOST: host,
    TRAINYARD_TEST_DOCKER_FOLDER: FOLDER,
    TRAINYARD_TEST_DOCKER_BASE: base,
    TRAINYARD_TEST_DOCKER_NETWORK: network,
    TRAINYARD_TEST_DOCKER_REGISTRY: registry,
  });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  return runSuite({
    name: 'docker',
    command: 'vitest',
    args: ['run', '--project', 'docker', ...reporters],
    counting: { by: 'vitest', report: REPORT },
  });
}

/** Containers that an interrupted run left in this engine, which nobody else uses. */
async function removeContainers({ docker }: Engine): Promise<void> {
  const left = await docker(['container', 'ls', '--all', '--quiet']);
  if (left.length > 0) await docker(['container', 'rm', '--force', '--volumes', ...left]);
}
