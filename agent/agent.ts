import { messageOf } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Instance, SetTraffic, StartInstance, Traffic } from '../core/serving/api.ts';
import { Refusal } from './api/refusal.ts';
import type { AgentContext } from './context.ts';
import type { ClusterCounters } from './envoy/cluster-counters.ts';
import { startInstance } from './instances/start-instance.ts';
import { stepInstance } from './instances/step-instance.ts';
import { stopInstance } from './instances/stop-instance.ts';
import type { StoredInstance } from './store/stored-instance.ts';
import { type EvidenceCache, judgeTraffic } from './traffic/brake.ts';
import { observe } from './traffic/observe.ts';
import { planTraffic } from './traffic/plan-traffic.ts';
import { setTraffic } from './traffic/set-traffic.ts';
import { createShadowAnswers, type ShadowAnswers } from './traffic/shadow-answers.ts';

/** What the API asks of the agent. Each change is stored before it is acted on, so that a crash in between only delays it. */
export type Agent = {
  readonly context: AgentContext;
  readonly startInstance: (
    model: string,
    version: string,
    request: StartInstance,
  ) => Promise<Result<Instance, Refusal>>;
  readonly stopInstance: (model: string, version: string) => Result<Instance, Refusal>;
  readonly setTraffic: (
    model: string,
    request: SetTraffic,
    expected: number | undefined,
  ) => Promise<Result<Traffic, Refusal>>;
  /** Brings every instance a step nearer to what is wanted, and the proxy to the present plan. */
  readonly converge: () => Promise<void>;
  /** Looks which versions still serve, counts, judges and brakes; `converge` comes after it. */
  readonly observeAndJudge: () => Promise<void>;
  /** Resolves at the next change asked for over the API. */
  readonly woken: () => Promise<void>;
};

/** The agent over its parts. */
export function createAgent(context: AgentContext): Agent {
  const exclusively = createMutex();
  const cache: EvidenceCache = new Map();
  const shadow = createShadowAnswers(context);
  let wake = Promise.withResolvers<void>();
  const change = () => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const applyPlan = () =>
    exclusively(() => {
      const { store, runtime, proxy } = context;
      return proxy.apply(planTraffic(store.instances(), store.traffic(), runtime));
    });
  return {
    context,
    startInstance: async (model, version, request) => {
      const result = await startInstance(context, { model, version, request });
      change();
      return result;
    },
    stopInstance: (model, version) => {
      const result = stopInstance(context, model, version);
      change();
      return result;
    },
    setTraffic: async (model, request, expected) => {
      const counters = await observeModel(context, shadow, model);
      const result = setTraffic(context, { model, request, expected, counters });
      if (!result.ok) return result;
      return applyChange(context, applyPlan, result.value);
    },
    converge: async () => {
      await stepAll(context);
      await applyPlan();
    },
    observeAndJudge: async () => {
      // A host that has lost its model servers is seen as that before the failed requests are counted against a version.
      await stepAll(context, 'ready');
      await observeAll(context, shadow);
      const changed = Object.entries(context.store.traffic()).filter(([model, stored]) =>
        judgeTraffic(context, cache, { model, stored }),
      );
      if (changed.length > 0) await applyPlan();
    },
    woken: () => wake.promise,
  };
}

async function applyChange(
  { log }: AgentContext,
  applyPlan: () => Promise<void>,
  traffic: Traffic,
): Promise<Result<Traffic, Refusal>> {
  try {
    await applyPlan();
    return ok(traffic);
  } catch (thrown) {
    log.warn(messageOf(thrown));
    return err(
      new Refusal({
        status: 503,
        code: 'proxy-not-converged',
        message: messageOf(thrown),
        remedy: 'It is tried again at every tick; look at its log.',
      }),
    );
  }
}

/** A step of every instance, or of those in this state. */
async function stepAll(context: AgentContext, only?: StoredInstance['state']): Promise<void> {
  const instances = context.store.instances().filter(({ state }) => only === undefined || state === only);
  await Promise.all(instances.map((instance) => stepStored(context, instance)));
}

/** Stores a step's outcome unless the instance was changed over the API meanwhile: then the next step starts from that. */
async function stepStored(context: AgentContext, before: StoredInstance): Promise<void> {
  const { store, log } = context;
  const { model, version } = before;
  try {
    const after = await stepInstance(context, before);
    const isUntouched = JSON.stringify(store.getInstance(model, version)) === JSON.stringify(before);
    if (isUntouched && JSON.stringify(after) !== JSON.stringify(before)) store.putInstance(after);
  } catch (thrown) {
    log.warn(`${model} version ${version}: ${messageOf(thrown)}`);
  }
}

async function observeAll(context: AgentContext, shadow: ShadowAnswers): Promise<void> {
  for (const model of Object.keys(context.store.traffic())) await observeModel(context, shadow, model);
}

/** One look at a model's traffic, and the counters it saw. When the proxy can't be asked, the next look covers this interval too. */
async function observeModel(
  context: AgentContext,
  shadow: ShadowAnswers,
  model: string,
): Promise<ReadonlyMap<string, ClusterCounters> | undefined> {
  try {
    const counters = await context.proxy.counters();
    const stored = context.store.getTraffic(model);
    if (stored === undefined) return counters;
    const { traffic } = stored;
    observe(context, { model, traffic, counters, shadow: shadow.compare(model, traffic) });
    return counters;
  } catch (thrown) {
    context.log.warn(`No counts of ${model}: ${messageOf(thrown)}`);
    return undefined;
  }
}

/** Runs pieces of work one after the other, in the order they came; one that fails does not stop the next. */
function createMutex(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
