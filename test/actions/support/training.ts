import type { TrainPorts, TrainRequest } from '../../../actions/train/train-context.ts';
import { createSeal } from '../../../adapters/seal.ts';
import type { ProjectStep, StepEnd } from '../../../core/project-port.ts';
import { LEASE_TIMES } from '../../../core/training/lease.ts';
import { createWorld } from './deployment.ts';
import { digestOf } from './memory-agent.ts';
import type { MemoryTracking } from './memory-tracking.ts';

/** A step that did what it should. */
export const DONE: StepEnd = { status: 'succeeded', code: 0, lines: [], memoryKills: 0, box: 'namespaces' };

/** A training in memory, and what it did. */
export type TrainingBench = {
  readonly request: TrainRequest;
  readonly ports: TrainPorts;
  readonly tracking: MemoryTracking;
  readonly steps: ProjectStep[];
  readonly lines: readonly string[];
};

const NONCE = 'n'.repeat(64);

/** A training whose project does `run`; by default it logs a model. */
export function createTraining(
  run?: (step: ProjectStep, tracking: MemoryTracking) => StepEnd,
): TrainingBench {
  const world = createWorld([]);
  const { tracking, clock } = world;
  const { plan, config, signal } = world.job({ operation: 'train', parameters: { lr: 0.1 } }).request;
  const steps: ProjectStep[] = [];
  // The run of each step logs a model of its own: `models:/m-1` is that of `run-1`.
  const logModel = (step: ProjectStep) => {
    const known = tracking.runs.get(step.runId);
    if (known !== undefined)
      tracking.runs.set(step.runId, {
        ...known,
        modelUri: step.runId.replace('run-', 'models:/m-'),
        status: 'FINISHED',
      });
    return DONE;
  };
  const ports: TrainPorts = {
    tracking,
    clock,
    log: world.job({}).ports.log,
    project: {
      run: async (step) => {
        steps.push(step);
        return run === undefined ? logModel(step) : run(step, tracking);
      },
    },
    readHoldout: async () => undefined,
    findProjectCommit: async () => undefined,
    fetchData: async () => undefined,
    readSearched: async () => Promise.reject(new Error('it is gone')),
    hashData: async () => ({ digest: digestOf('data'), files: [], empty: [] }),
    writeTemp: async (name) => `/tmp/${name}`,
    seal: createSeal(NONCE),
    checkpoints: {
      folder: '/checkpoints',
      empty: async () => undefined,
      restore: async () => false,
      keep: async () => undefined,
      clear: async () => undefined,
    },
  };
  const request = {
    plan,
    config,
    workspace: '/home/ada',
    repository: 'acme/digits',
    repositoryUrl: 'https://github.test/acme/digits',
    defaults: { momentum: 0.9 },
    runUrl: 'http://run',
    holder: { round: 0, attempt: 1 },
    leaseTimes: LEASE_TIMES,
    signal,
  };
  return { request, ports, tracking, steps, lines: world.lines };
}
