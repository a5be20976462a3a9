import type { Plan } from '../../../actions/job/handoff.ts';
import { outcomeOfError } from '../../../actions/job/outcome.ts';
import { ServiceError } from '../../../core/errors.ts';
import type { Actor } from '../scheduler.ts';
import type { JobEnd, SimulatedWorld } from '../world.ts';
import { runDeploy } from './flows.ts';
import { connectJob, type JobPorts, type WorldRepository } from './job-ports.ts';
import { createRunners, type Runners } from './runners.ts';

/** What a deploy job is to do: the plan, and the version where the chain has made one. */
type DeployWish = { readonly plan: Plan; readonly version: string | undefined };

/** A deploy job that runs, or has run. */
type DeployJob = {
  readonly wish: DeployWish;
  readonly run: number;
  readonly attempt: number;
  readonly actor: Actor;
  readonly stop: AbortController;
  /** Resolves when its runner is gone. */
  readonly loss: PromiseWithResolvers<void>;
  /** Lets the next one go on, of its group and on its runner. */
  readonly free: () => void;
};

type DeployJobs = {
  /** Queues a job, asks for approval where it may raise traffic, and runs it. Resolves when it has ended, or is lost. */
  readonly run: (wish: DeployWish, run: number, attempt: number) => Promise<void>;
  /** Whether any job waits or runs. */
  readonly isBusy: () => boolean;
  readonly cancel: () => void;
  readonly lose: () => void;
  readonly rerun: () => void;
};

/** What GitHub does before and around each job. */
export type JobHall = WorldRepository & {
  readonly runners: Runners;
  readonly newActor: (kind: string) => Actor;
  readonly startUp: () => Promise<void>;
};

const SERVER: Actor = { name: 'github', isAlive: true };
/** A cancelled job may still tidy up for so long. */
const CANCEL_GRACE_MS = 10_000;
/** What passes the environment's approval: all that may raise traffic. */
const NEEDS_APPROVAL: ReadonlySet<string> = new Set(['train', 'tune', 'deploy', 'promote', 'resume']);

/** The deploy jobs of a repository. */
export function createDeployJobs(hall: JobHall): DeployJobs {
  const { world } = hall;
  const groups = new Map<string, Runners>();
  const running: DeployJob[] = [];
  const over: DeployJob[] = [];
  const retire = (job: DeployJob) => {
    const index = running.indexOf(job);
    if (index >= 0) over.push(...running.splice(index, 1));
    job.free();
  };
  const lose = (job: DeployJob | undefined) => {
    if (job === undefined || !running.includes(job)) return;
    job.actor.isAlive = false;
    world.trace.say(job.actor.name, 'is gone');
    job.loss.resolve();
    retire(job);
  };
  let underWay = 0;
  const run: DeployJobs['run'] = async (wish, number, attempt) => {
    underWay += 1;
    const group = groupOf(groups, wish.plan);
    const job = await enter(hall, group, { wish, run: number, attempt });
    running.push(job);
    await Promise.race([carryOut(hall, job), job.loss.promise]);
    underWay -= 1;
    retire(job);
  };
  return {
    run,
    isBusy: () => underWay > 0,
    cancel: () => {
      const job = running.at(-1);
      if (job === undefined) return;
      world.trace.say(job.actor.name, 'is cancelled');
      job.stop.abort(new DOMException('This operation was aborted', 'AbortError'));
      world.time.after(CANCEL_GRACE_MS, SERVER, () => lose(job));
    },
    lose: () => lose(running.at(-1)),
    rerun: () => {
      const job = over.at(-1);
      if (job === undefined) return;
      world.trace.say('person', `runs ${job.actor.name} again`);
      void run(job.wish, job.run, job.attempt + 1);
    },
  };
}

/** One at a time of each group; those that wait are kept (`queue: max`). */
function groupOf(groups: Map<string, Runners>, { operation, environment = '' }: Plan): Runners {
  const name = `${operation}/${environment}`;
  const group = groups.get(name) ?? createRunners(1);
  groups.set(name, group);
  return group;
}

async function enter(
  { world, runners, newActor, startUp }: JobHall,
  group: Runners,
  job: Pick<DeployJob, 'wish' | 'run' | 'attempt'>,
): Promise<DeployJob> {
  const { operation } = job.wish.plan;
  const leaveGroup = await group.enter();
  if (NEEDS_APPROVAL.has(operation)) await world.time.sleep(world.setup.approvalSeconds * 1_000, SERVER);
  const leaveRunner = await runners.enter();
  await startUp();
  const free = () => {
    leaveGroup();
    leaveRunner();
  };
  const stop = new AbortController();
  return { ...job, actor: newActor(operation), stop, loss: Promise.withResolvers<void>(), free };
}

async function carryOut(hall: JobHall, job: DeployJob): Promise<void> {
  const { world } = hall;
  const { actor, wish } = job;
  const startedAt = world.time.elapsed();
  const end = await attempt(world, connectJob(hall, actor, wish.plan.ledger), job);
  const { operation, word } = wish.plan;
  world.ended.push({
    ...{ at: world.time.elapsed(), job: actor.name, operation, saidAt: word?.at, startedAt, end },
  });
  const said = end.kind === 'outcome' ? JSON.stringify(end.outputs) : `failed: ${end.message}`;
  world.trace.say(actor.name, `ended: ${said}`);
}

async function attempt(world: SimulatedWorld, ports: JobPorts, job: DeployJob): Promise<JobEnd['end']> {
  const { wish, run, attempt: number, stop } = job;
  try {
    const { outputs, result } = await runDeploy(world, ports, wish, {
      run,
      attempt: number,
      signal: stop.signal,
    });
    return { kind: 'outcome', outputs, result };
  } catch (thrown) {
    const service = thrown instanceof ServiceError ? thrown.problem.code : undefined;
    return { kind: 'failed', message: outcomeOfError(thrown).headline, service };
  }
}
