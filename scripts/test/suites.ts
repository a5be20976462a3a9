import { join } from 'node:path';
import type { Suite, SuiteLane } from '../../measure/suite/suite.ts';
import { STATE_DIR, venvProgram } from '../../sandbox/checkout.ts';

const REPORTS = join(STATE_DIR, 'reports');

/** Schedules of the world that are known to hold, and have to go on holding: as many as a person waits for. */
const KNOWN_SCHEDULES = 750;
/** No new schedule is begun later than so long after the start, in minutes. */
const WORLD_MINUTES = 40;

/**
 * The suites of `npm test`: a slip shows within seconds in the first three, and the rest run in three lanes. Two of them mostly wait, for
 * servers and for traffic, and the one that computes gives way to them. What changes the machine's network, `fleet` and `docker`, is in one.
 */
export const SUITES: readonly Suite[] = [
  // The agent's page runs in a browser, among other globals than everything else.
  {
    name: 'types',
    command: 'tsc',
    args: ['--build', '--noEmit', '.', 'agent/api/page'],
    counting: { by: 'exit' },
  },
  { name: 'lint', command: 'biome', args: ['check', '--error-on-warnings', '.'], counting: { by: 'exit' } },
  {
    name: 'lint-python',
    command: venvProgram('ruff'),
    args: ['check', 'runtime', 'test', 'examples', 'measure', 'sandbox', 'deploy', 'cli'],
    counting: { by: 'exit' },
  },
  {
    ...vitestSuite('unit', 'back', '--coverage'),
    coverage: join(REPORTS, 'coverage', 'coverage-summary.json'),
    givesWay: true,
  },
  { ...vitestSuite('draws', 'back'), givesWay: true },
  vitestSuite('failures', 'side'),
  vitestSuite('attack', 'side'),
  { ...vitestSuite('contract', 'side'), givesWay: true },
  { ...vitestSuite('house', 'back'), givesWay: true },
  // A page that the generator can't read, or a place in its navigation that is gone, is no link that leads nowhere.
  {
    name: 'site',
    command: 'node',
    args: ['--disable-warning=ExperimentalWarning', join('scripts', 'site.ts')],
    counting: { by: 'exit' },
    lane: 'back',
    givesWay: true,
  },
  { ...pytestSuite('runtime', 'test/runtime'), givesWay: true },
  vitestSuite('agent', 'side'),
  { ...vitestSuite('stack', 'side'), givesWay: true },
  vitestSuite('fleet', 'side'),
  vitestSuite('acceptance', 'front'),
  { ...worldSuite(['--seed', '1', '--schedules', String(KNOWN_SCHEDULES)]), givesWay: true },
];

/**
 * A serving host from nothing, by ssh: it makes a Debian of its own, which takes root, minutes and a network with Debian's packages. Not beside
 * `docker`, whose canaries tell a slow version by its clients' waits: two processors that unpack a Debian keep those waiting.
 */
export const HOST_SUITE: Suite = vitestSuite('host', 'side');

/** Everything on a Docker Engine of its own, which only root can start: it runs when it is asked for. */
export const DOCKER_SUITE: Suite = {
  name: 'docker',
  command: 'node',
  args: [
    '--disable-warning=ExperimentalWarning',
    join('scripts', 'test-docker.ts'),
    '--report',
    join(REPORTS, 'docker-counts.json'),
  ],
  counting: { by: 'counts', report: join(REPORTS, 'docker-counts.json') },
  lane: 'side',
};

function vitestSuite(name: string, lane: SuiteLane, ...options: readonly string[]): Suite {
  const report = join(REPORTS, `${name}.json`);
  return {
    name,
    command: 'vitest',
    args: [
      'run',
      '--project',
      name,
      ...options,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    counting: { by: 'vitest', report },
    lane,
  };
}

function pytestSuite(name: string, folder: string): Suite {
  const report = join(REPORTS, `${name}.xml`);
  return {
    name,
    command: venvProgram('python'),
    args: ['-m', 'pytest', '-q', `--junitxml=${report}`, folder],
    counting: { by: 'junit', report },
    lane: 'back',
  };
}

/**
 * The world with so many new schedules after the known ones, beside all other suites: a commit has seeds of its own, so that each plays
 * others, and always the same.
 */
export function newWorldSuite(schedules: number): Suite {
  const known = ['--known', String(KNOWN_SCHEDULES)];
  const more = ['--seed', 'commit', '--schedules', String(schedules), '--minutes', String(WORLD_MINUTES)];
  return { ...worldSuite([...known, ...more]), lane: 'spare' };
}

/** Schedules of the simulated world: each of them counts as one test. */
function worldSuite(played: readonly string[]): Suite {
  const report = join(REPORTS, 'world-counts.json');
  return {
    name: 'world',
    command: 'node',
    args: [
      '--disable-warning=ExperimentalWarning',
      ...[join('scripts', 'simulate.ts'), 'world', ...played, '--report', report],
    ],
    counting: { by: 'counts', report },
    lane: 'back',
    hearsItsEnd: true,
  };
}
