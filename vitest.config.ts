import { defineConfig } from 'vitest/config';

/** Tests on a Docker Engine, which `npm run test:docker` starts. */
const NEED_ENGINE = [
  'test/agent/docker-{agent,contract,registry,runtime}.test.ts',
  'test/engines/docker-project.test.ts',
];
/** What is measured on many draws: where every line is counted as it runs, it takes seven times as long. */
const MANY_DRAWS = [
  'test/core/{drift,gate,monitor,rollout}/simulation.test.ts',
  'test/core/drift/index-coverage.test.ts',
  'test/core/gate/{coverage-error,harm-of-family}.test.ts',
  'test/core/rollout/fleet-alone.test.ts',
  'test/measure/world/play.test.ts',
];
/** Rules over all sources at once. */
const HOUSE = ['test/contract/house/**/*.test.ts'];
const inline = [/@actions\/(workflow-parser|expressions)/];

/**
 * What the unit suite must reach in core, in percent: below it, it fails. Nine in ten of the branches that it leaves are what stands for an
 * entry of a list that is always there.
 */
const CORE_FLOOR = { lines: 95, branches: 87 };

/** Suites by what they need: `unit` and `draws` nothing, `attack` git, the box, MLflow and Envoy, `contract` the repository's own files, `house` the compiler's reading of all of them, `agent` TorchServe and Envoy, `fleet` networks of their own for three agents, `host` and `package` root and a Debian with systemd and sshd that they make, `stack` PostgreSQL and an object store, `acceptance` all of it, `routes` the same and ten minutes more, `engines` what a training may run on beside the runner's Python (uv, Slurm, Ray), each where it can be had, `clients` what `agent` needs and the clients of other servers, `strangers` half an hour, `fuzz` the same as `agent` and half an hour. */
export default defineConfig({
  // Two packages ship source maps without their sources, and a warning for each of their files.
  logLevel: 'error',
  test: {
    server: { deps: { inline } },
    coverage: {
      provider: 'v8',
      include: ['{core,adapters,actions,cli}/**/*.ts'],
      exclude: ['actions/dist/**', 'cli/dist/**', 'test/**'],
      // A table of every file is nothing one reads in a log: `npm test` prints the sum of each part.
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: '.trainyard/reports/coverage',
      thresholds: { 'core/**': CORE_FLOOR },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/{core,adapters,actions,cli,measure}/**/*.test.ts'],
          exclude: MANY_DRAWS,
          testTimeout: 60_000,
          // What these files import keeps no state that another would see; to load it once is half of what most of them cost.
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'draws', include: MANY_DRAWS, testTimeout: 180_000 },
      },
      {
        extends: true,
        test: { name: 'failures', include: ['test/failures/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'attack',
          include: ['test/attack/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'agent',
          include: ['test/agent/**/*.test.ts'],
          exclude: NEED_ENGINE,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'docker',
          include: NEED_ENGINE,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'host',
          include: ['test/host/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'contract',
          include: ['test/{contract,sandbox}/**/*.test.ts'],
          exclude: HOUSE,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // The compiler reads the house once, for all these files together.
        test: { name: 'house', include: HOUSE, testTimeout: 180_000, isolate: false, fileParallelism: false },
      },
      {
        extends: true,
        test: {
          name: 'fleet',
          include: ['test/fleet/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'stack',
          include: ['test/stack/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'acceptance',
          include: ['test/acceptance/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'routes',
          include: ['test/routes/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'engines',
          include: ['test/engines/**/*.test.ts'],
          exclude: NEED_ENGINE,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'clients',
          include: ['test/clients/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'strangers',
          include: ['test/strangers/**/*.test.ts'],
          testTimeout: 1_500_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
