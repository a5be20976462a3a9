import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { TriggerEvent } from '../github/events.ts';
import { type ActOptions, type RunningAct, startAct } from './act.ts';
import { isTriggeredBy } from './triggers.ts';
import type { WorkflowRun } from './workflow-run.ts';

const WORKFLOWS = '.github/workflows';

/** Starts workflows for events, a few at a time, and remembers every run. */
export type WorkflowRunner = {
  readonly runs: readonly WorkflowRun[];
  /** Queues a run for each workflow that the event triggers, and gives them. */
  readonly trigger: (event: TriggerEvent, only?: string) => readonly WorkflowRun[];
  readonly cancel: (run: WorkflowRun) => void;
  /** Whether a job has ended, or will never begin. */
  readonly isJobOver: (run: number, job: string) => boolean;
  /** Starts what waits for a runner that has become free, as one does when a run begins to wait. */
  readonly startNext: () => void;
  /** Resolves when the run is completed. */
  readonly finished: (run: WorkflowRun) => Promise<void>;
  readonly stop: () => Promise<void>;
};

type RunnerOptions = {
  readonly folder: string;
  readonly parallel: number;
  readonly firstId: number;
  /** Runs that wait for a group or a reviewer. */
  readonly waitingRuns: () => ReadonlySet<number>;
};

/** Makes a runner that plays up to `parallel` runs at once. */
export function createWorkflowRunner(
  options: () => ActOptions,
  { folder, parallel, firstId, waitingRuns }: RunnerOptions,
): WorkflowRunner {
  const runs: WorkflowRun[] = [];
  const running = new Map<WorkflowRun, RunningAct>();
  const waiters = new Map<WorkflowRun, PromiseWithResolvers<void>>();
  let stopped = false;
  mkdirSync(folder, { recursive: true });

  const startNext = (): void => {
    const next = runs.find((run) => run.status === 'queued');
    if (stopped || next === undefined || countBusy([...running.keys()], waitingRuns()) >= parallel) return;
    const act = startAct(options(), next);
    running.set(next, act);
    const settle = (): void => {
      running.delete(next);
      waiters.get(next)?.resolve();
      startNext();
    };
    act.done.then(settle, (error: unknown) => {
      waiters.get(next)?.reject(error);
      settle();
    });
    startNext();
  };

  const queue = (event: TriggerEvent, workflow: string): WorkflowRun => {
    const run = createRun(event, workflow, firstId + runs.length, folder);
    runs.push(run);
    waiters.set(run, Promise.withResolvers());
    return run;
  };

  return {
    runs,
    trigger: (event, only) => {
      const { remote } = options();
      const queued = remote
        .list(event.sha, WORKFLOWS)
        .map((file) => path.basename(file))
        .filter((file) => only === undefined || file === only)
        .filter((file) => isTriggeredBy(remote.show(event.sha, `${WORKFLOWS}/${file}`) ?? '', event))
        .map((file) => queue(event, file));
      startNext();
      return queued;
    },
    isJobOver: (id, job) => isJobOver(runs, id, job),
    startNext,
    cancel: (run) => running.get(run)?.cancel(),
    finished: async (run) => waiters.get(run)?.promise,
    stop: async () => {
      stopped = true;
      const acts = [...running.values()];
      for (const act of acts) act.cancel();
      await Promise.allSettled(acts.map((act) => act.done));
    },
  };
}

/** Whoever waits for a group or a reviewer takes up no runner on GitHub. */
function countBusy(running: readonly WorkflowRun[], waiting: ReadonlySet<number>): number {
  return running.filter(({ id }) => !waiting.has(id)).length;
}

function isJobOver(runs: readonly WorkflowRun[], id: number, job: string): boolean {
  const run = runs.find((known) => known.id === id);
  return run?.status === 'completed' || run?.jobs.get(job)?.result !== undefined;
}

function createRun(event: TriggerEvent, workflow: string, id: number, folder: string): WorkflowRun {
  return {
    id,
    workflow,
    event,
    status: 'queued',
    conclusion: undefined,
    log: path.join(folder, `${id}-${path.parse(workflow).name}-${event.name}.log`),
    jobs: new Map(),
    masked: new Set(),
    leaks: [],
    startedAt: undefined,
    finishedAt: undefined,
  };
}
