import { type Plan, readPlan } from '../../actions/job/handoff.ts';
import { outcomeOfError } from '../../actions/job/outcome.ts';
import { ok } from '../../core/result.ts';
import { versionEvents } from './chain.ts';
import { type Attempt, type GitHubEvent, runDeploy, runMonitor, runPlan } from './flows.ts';
import { connectJob, type JobPorts } from './job-ports.ts';
import { createLane, type Lane } from './runners.ts';
import type { Actor } from './scheduler.ts';
import type { JobEnd, World } from './world.ts';
import { MODEL } from './world-config.ts';

/** GitHub, as far as it starts, queues, cancels and loses jobs. */
export type Site = {
  /** Starts the workflows of an event. */
  readonly trigger: (event: GitHubEvent) => void;
  /** Whether a workflow runs, one of the monitor apart. */
  readonly isBusy: () => boolean;
  /** A person cancels the newest job that deploys. */
  readonly cancel: () => void;
  /** The runner of the newest job that deploys is lost. */
  readonly lose: () => void;
  /** A person runs the newest deploy job that has ended again. */
  readonly rerun: () => void;
};

type Wish = { readonly plan: Plan; readonly version: string | undefined };
/** A deploy job, running or not any more. */
type DeployJob = {
  readonly wish: Wish;
  readonly run: number;
  readonly attempt: number;
  readonly actor: Actor;
  readonly stop: AbortController;
  readonly free: () => void;
};

type SiteWorld = {
  readonly world: World;
  readonly onPush: (actor: Actor) => void;
  /** The number of the next version that is trained. */
  readonly nextVersion: () => string;
};

const SERVER: Actor = { name: 'github', isAlive: true };
/** From the event to the first step of its job. */
const START_MS = { least: 2_000, most: 6_000 } as const;
const TRAINING_MS = 15_000;
/** A cancelled job may still tidy up for so long. */
const CANCEL_GRACE_MS = 10_000;
/** What passes the environment's approval: all that may raise traffic. */
const NEEDS_APPROVAL: ReadonlySet<string> = new Set(['train', 'tune', 'deploy', 'promote', 'resume']);

/** A GitHub without runs. */
export function createSite(site: SiteWorld): Site {
  const { world } = site;
  const { time, draws, trace } = world;
  const runners = createLane(world.setup.controlRunners);
  const groups = new Map<string, Lane>();
  const running: DeployJob[] = [];
  const over: DeployJob[] = [];
  let runs = 1;
  let jobs = 0;
  let busy = 0;

  const startUp = () => time.sleep(START_MS.least + draws.uniform() * START_MS.most, SERVER);
  const newActor = (kind: string): Actor => {
    jobs += 1;
    return { name: `${kind}-${jobs}`, isAlive: true };
  };
  /** Runs one job on a control runner; gives what it gave, `undefined` when it failed. */
  const onRunner = async <T>(actor: Actor, work: (ports: JobPorts) => Promise<T>): Promise<T | undefined> => {
    const leave = await runners.enter();
    await startUp();
    try {
      return await work(connectJob(world, actor, site.onPush));
    } catch (thrown) {
      trace.say(actor.name, `failed: ${outcomeOfError(thrown).headline}`);
      return undefined;
    } finally {
      leave();
    }
  };
  const deployJob = async (wish: Wish, run: number, attempt: number): Promise<void> => {
    const { operation, environment = '' } = wish.plan;
    const group = `${operation}/${environment}`;
    const queue = groups.get(group) ?? createLane(1);
    groups.set(group, queue);
    const leaveGroup = await queue.enter();
    if (NEEDS_APPROVAL.has(operation)) await time.sleep(world.setup.approvalSeconds * 1_000, SERVER);
    const leaveRunner = await runners.enter();
    await startUp();
    const actor = newActor(operation);
    const free = () => {
      leaveGroup();
      leaveRunner();
    };
    const job: DeployJob = { wish, run, attempt, actor, stop: new AbortController(), free };
    running.push(job);
    const startedAt = time.elapsed();
    const end = await attemptDeploy(world, connectJob(world, actor, site.onPush), job);
    retire(running, over, job);
    world.ended.push({ at: time.elapsed(), job: actor.name, operation, startedAt, end });
    const said = end.kind === 'outcome' ? JSON.stringify(end.outputs) : `failed: ${end.message}`;
    trace.say(actor.name, `ended: ${said}`);
    free();
  };
  const chain = async (plan: Plan, run: number) => {
    await time.sleep(TRAINING_MS * (1 + draws.uniform()), SERVER);
    const version = site.nextVersion();
    const done = await onRunner(newActor('register'), async ({ ledger, clock }) => {
      const events = await ledger.append(MODEL, (state) => ok(versionEvents(version, clock.now(), state)));
      return events.ok;
    });
    if (done === true) await deployJob({ plan, version }, run, 1);
  };
  const start = async (event: GitHubEvent): Promise<void> => {
    runs += 1;
    const run = runs;
    const attempt: Attempt = { run, attempt: 1, signal: new AbortController().signal };
    const actor = newActor('plan');
    const planned = await onRunner(actor, (ports) => runPlan(world, ports, event, attempt));
    if (planned === undefined) return;
    trace.say(actor.name, `${planned.decision}: ${planned.headline}`);
    if (planned.decision !== 'continue') return;
    const { decision, result } = planned;
    const plan = readPlan(JSON.stringify({ schema_version: 1, action: 'plan', decision, ...result }));
    if (plan.operation === 'monitor') {
      await onRunner(newActor('monitor'), (ports) => runMonitor(world, ports, attempt));
    } else if (plan.operation === 'train' || plan.operation === 'tune') await chain(plan, run);
    else await deployJob({ plan, version: undefined }, run, 1);
  };
  const end = (job: DeployJob) => {
    if (!running.includes(job)) return;
    job.actor.isAlive = false;
    retire(running, over, job);
    trace.say(job.actor.name, 'is gone');
    job.free();
  };
  return {
    trigger: (event) => {
      busy += 1;
      void start(event).finally(() => {
        busy -= 1;
      });
    },
    isBusy: () => busy > 0,
    cancel: () => {
      const job = running.at(-1);
      if (job === undefined) return;
      trace.say(job.actor.name, 'is cancelled');
      job.stop.abort(new DOMException('This operation was aborted', 'AbortError'));
      time.after(CANCEL_GRACE_MS, SERVER, () => end(job));
    },
    lose: () => {
      const job = running.at(-1);
      if (job !== undefined) end(job);
    },
    rerun: () => {
      const job = over.at(-1);
      if (job === undefined) return;
      trace.say('person', `runs ${job.actor.name} again`);
      void deployJob(job.wish, job.run, job.attempt + 1);
    },
  };
}

async function attemptDeploy(world: World, ports: JobPorts, job: DeployJob): Promise<JobEnd['end']> {
  const { wish, run, attempt, stop } = job;
  try {
    const { outputs, result } = await runDeploy(world, ports, wish, { run, attempt, signal: stop.signal });
    return { kind: 'outcome', outputs, result };
  } catch (thrown) {
    return { kind: 'failed', message: outcomeOfError(thrown).headline };
  }
}

function retire(running: DeployJob[], over: DeployJob[], job: DeployJob): void {
  const index = running.indexOf(job);
  if (index >= 0) running.splice(index, 1);
  over.push(job);
}
