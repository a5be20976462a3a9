import { type Plan, readPlan } from '../../../actions/job/handoff.ts';
import { outcomeOfError } from '../../../actions/job/outcome.ts';
import { ok } from '../../../core/result.ts';
import type { Actor } from '../scheduler.ts';
import { MODEL } from '../world-config.ts';
import { versionEvents } from './chain.ts';
import { createDeployJobs, type JobHall } from './deploy-jobs.ts';
import type { GitHubEvent } from './dispatches.ts';
import { type JobAttempt, runMonitor, runPlan } from './flows.ts';
import { connectJob, type JobPorts, type WorldRepository } from './job-ports.ts';
import { createRunners } from './runners.ts';

/** GitHub, as far as it starts, queues, cancels and loses jobs. */
export type GitHubSite = {
  /** Starts the workflows of an event. */
  readonly trigger: (event: GitHubEvent) => void;
  /** Whether anything is under way but scheduled looks at hosts. */
  readonly isBusy: () => boolean;
  /** A person cancels the newest job that deploys. */
  readonly cancel: () => void;
  /** The runner of the newest job that deploys is lost. */
  readonly lose: () => void;
  /** A person runs the newest deploy job that has ended again. */
  readonly rerun: () => void;
};

type SiteWorld = Pick<JobHall, 'world' | 'onPush'> & {
  /** The number of the next version that is trained. */
  readonly nextVersion: () => string;
};

const SERVER: Actor = { name: 'github', isAlive: true };
/** From the event to the first step of its job; on a runner of one's own that waits for work a tenth of that. */
const START_MS = { least: 2_000, most: 6_000 } as const;
const QUICK = 0.1;
const TRAINING_MS = 15_000;

/** A GitHub without runs. */
export function createSite({ world, onPush, nextVersion }: SiteWorld): GitHubSite {
  const trigger = (event: GitHubEvent) => {
    busy += 1;
    void start(event).finally(() => {
      busy -= 1;
    });
  };
  const hall = createHall({ world, onPush, trigger });
  const { run, isBusy, ...jobs } = createDeployJobs(hall);
  let runs = 1;
  let busy = 0;
  const chain = async (plan: Plan, number: number): Promise<void> => {
    await world.time.sleep(TRAINING_MS * (1 + world.draws.uniform()), SERVER);
    const version = nextVersion();
    const register = { actor: hall.newActor('register'), plan };
    const done = await onRunner(hall, register, async ({ ledger, clock }) => {
      const appended = await ledger.append(MODEL, (state) => ok(versionEvents(version, clock.now(), state)));
      return appended.ok;
    });
    if (done === true) await run({ plan, version }, number, 1);
  };
  const start = async (event: GitHubEvent): Promise<void> => {
    runs += 1;
    const number = runs;
    const attempt: JobAttempt = { run: number, attempt: 1, signal: new AbortController().signal };
    const plan = await planned(hall, event, attempt);
    if (plan === undefined) return;
    if (plan.operation === 'monitor') {
      const monitor = { actor: hall.newActor('monitor'), plan };
      // It looks at hosts and begins nothing by itself: a world in which it looks for long is at rest all the same.
      void onRunner(hall, monitor, (ports) => runMonitor(world, ports, attempt));
    } else if (plan.operation === 'train' || plan.operation === 'tune') await chain(plan, number);
    else await run({ plan, version: undefined }, number, 1);
  };
  return {
    ...jobs,
    isBusy: () => busy > 0 || isBusy(),
    trigger,
  };
}

function createHall({ world, onPush, trigger }: WorldRepository): JobHall {
  const { time, draws, setup } = world;
  const slow = setup.quickRunners ? QUICK : 1;
  let jobs = 0;
  return {
    ...{ world, onPush, trigger },
    runners: createRunners(world.setup.controlRunners),
    newActor: (kind) => {
      jobs += 1;
      return { name: `${kind}-${jobs}`, isAlive: true };
    },
    startUp: () => time.sleep(slow * (START_MS.least + draws.uniform() * START_MS.most), SERVER),
  };
}

/** Runs one job on a control runner; gives what it gave, `undefined` when it failed. */
async function onRunner<T>(
  hall: JobHall,
  { actor, plan }: { readonly actor: Actor; readonly plan: Plan | undefined },
  work: (ports: JobPorts) => Promise<T>,
): Promise<T | undefined> {
  const { world, runners, startUp } = hall;
  const leave = await runners.enter();
  await startUp();
  try {
    return await work(connectJob(hall, actor, plan?.ledger));
  } catch (thrown) {
    world.trace.say(actor.name, `failed: ${outcomeOfError(thrown).headline}`);
    return undefined;
  } finally {
    leave();
  }
}

/** What plan hands over for this event; `undefined` where the chain ends with it. */
async function planned(hall: JobHall, event: GitHubEvent, attempt: JobAttempt): Promise<Plan | undefined> {
  const actor = hall.newActor('plan');
  const outcome = await onRunner(hall, { actor, plan: undefined }, (ports) =>
    runPlan(hall.world, ports, event, attempt),
  );
  if (outcome === undefined) return undefined;
  const { decision, headline, result } = outcome;
  hall.world.trace.say(actor.name, `${decision}: ${headline}`);
  if (decision !== 'continue') return undefined;
  return readPlan(JSON.stringify({ schema_version: 1, action: 'plan', decision, ...result }));
}
