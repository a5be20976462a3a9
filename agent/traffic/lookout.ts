import { messageOf } from '../../core/errors.ts';
import type { AgentContext } from '../context.ts';
import type { ClusterCounters } from '../envoy/cluster-counters.ts';
import { createMutex } from '../machine/mutex.ts';
import { within } from '../machine/within.ts';
import { type EvidenceCache, judgeTraffic, type ModelTraffic, takeBackUnsure } from './brake.ts';
import { observe } from './observe.ts';
import { createShadowAnswers, type ShadowAnswers } from './shadow-answers.ts';
import { createUserScales } from './weigh-users.ts';

/** A look waits for each of the three things it asks for a third of a tick at most, and for so long at least, in ms. */
const LEAST_WAIT_MS = 250;

/** What the proxy has counted by cluster; `undefined` when it could not be asked. */
type Counters = ReadonlyMap<string, ClusterCounters> | undefined;

/** What a look needs of the rest of the agent. */
type Means = {
  readonly watchReady: () => Promise<void>;
  readonly applyPlan: () => Promise<void>;
};

/** Looks at the traffic of every model, and brakes. */
type Lookout = {
  /**
   * Looks which versions still serve, counts, judges and brakes. What it can't learn in time it goes without, so that nothing slow
   * on the host delays a brake; what one model's traffic fails with concerns no other.
   */
  readonly look: () => Promise<void>;
  /** Counts a model up to now, then does this before anyone else counts. */
  readonly countAndThen: <T>(model: string, work: (counters: Counters) => T) => Promise<T>;
};

/** A lookout that remembers what it has seen. */
export function createLookout(context: AgentContext, { watchReady, applyPlan }: Means): Lookout {
  const { clock, store, options } = context;
  // Two readings that are taken in the one order and counted in the other would look as if the proxy had started anew.
  const exclusively = createMutex();
  const cache: EvidenceCache = new Map();
  const observeModels = createObserver(context);
  const waitMs = Math.max(LEAST_WAIT_MS, (options.tickSeconds * 1_000) / 3);
  const forAWhile = (what: string, work: Promise<unknown>) =>
    within(clock, waitMs, work).catch((thrown) => context.log.warn(`In ${what}: ${messageOf(thrown)}`));
  // What is stored is all that this process knows of the one before, unless that could not write.
  let isUnsure = true;
  let counting: Promise<unknown> | undefined;
  const countAll = () => {
    counting ??= exclusively(() => observeModels(Object.keys(store.traffic()))).finally(() => {
      counting = undefined;
    });
    return counting;
  };
  return {
    look: async () => {
      // A host that has lost its model servers is seen as that before the failed requests are counted against a version.
      await forAWhile('watching what is ready', watchReady());
      await forAWhile('counting', countAll());
      isUnsure &&= !canWrite(context);
      const isBack = isUnsure && forEach(context, (judged) => takeBackUnsure(context, judged));
      const isBraked = forEach(context, (judged) => judgeTraffic(context, cache, judged));
      if (isBack || isBraked) await forAWhile('braking', applyPlan());
    },
    countAndThen: (model, work) => exclusively(async () => work(await observeModels([model]))),
  };
}

/** Takes one look at these models' traffic. When the proxy can't be asked, the next look covers this interval too. */
function createObserver(context: AgentContext): (models: readonly string[]) => Promise<Counters> {
  const { proxy, store, log } = context;
  const shadow: ShadowAnswers = createShadowAnswers(context);
  const users = createUserScales();
  const rolloutOf = (model: string) => store.getTraffic(model)?.traffic.lease?.rollout;
  return async (models) => {
    let counters: Counters;
    try {
      counters = await proxy.counters();
    } catch (thrown) {
      log.warn(`No counts of ${models.join(', ')}: ${messageOf(thrown)}`);
      return undefined;
    }
    attempt(context, models.join(', '), () => users.add(proxy.userRequests(), rolloutOf));
    for (const model of models) {
      const traffic = store.getTraffic(model)?.traffic;
      if (traffic === undefined) continue;
      attempt(context, model, () =>
        observe(context, {
          ...{ model, traffic, counters, shadow: shadow.compare(model, traffic) },
          weighUsers: users.weigh,
        }),
      );
    }
    return counters;
  };
}

/** Does this with each model by itself. Gives whether anyone's traffic was changed. */
function forEach(context: AgentContext, work: (judged: ModelTraffic) => boolean): boolean {
  const changed = Object.entries(context.store.traffic()).map(([model, stored]) =>
    attempt(context, model, () => work({ model, stored })),
  );
  return changed.includes(true);
}

function canWrite({ store, startedAt }: AgentContext): boolean {
  try {
    store.putMemory('began', { startedAt });
    return true;
  } catch {
    // Why not is said with what could not be written for it: counts, or a brake.
    return false;
  }
}

function attempt<T>({ log }: AgentContext, model: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (thrown) {
    log.warn(`The traffic of ${model}: ${messageOf(thrown)}`);
    return undefined;
  }
}
