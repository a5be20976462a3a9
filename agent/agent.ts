import { messageOf } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Instance, SetTraffic, StartInstance, TakeBack, Traffic } from '../core/serving/api.ts';
import { HOST_WARNINGS } from '../core/serving/host-warning.ts';
import { Refusal } from './api/refusal.ts';
import type { AgentContext } from './context.ts';
import { retireModel } from './instances/retire-model.ts';
import { startInstance } from './instances/start-instance.ts';
import { stopInstance } from './instances/stop-instance.ts';
import { createTender } from './instances/tender.ts';
import { createMutex } from './machine/mutex.ts';
import { createWatching, type Watching } from './screen/describe-outlook.ts';
import { createLookout } from './traffic/lookout.ts';
import { createPlanner } from './traffic/plan-traffic.ts';
import { setTraffic } from './traffic/set-traffic.ts';
import { takeBack } from './traffic/take-back.ts';

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
  /** Ends what this host does for a model. */
  readonly retireModel: (model: string, expected: number | undefined) => Result<readonly Instance[], Refusal>;
  /** Takes traffic from a version on the word of a person at this host. */
  readonly takeBack: (model: string, request: TakeBack) => Promise<Result<Traffic, Refusal>>;
  /**
   * Begins to bring every instance a step nearer to what is wanted, and the proxy to the present plan. Resolves once this has ended,
   * which may take minutes: brakes never wait for it.
   */
  readonly converge: () => Promise<void>;
  /** Looks which versions still serve, counts, judges and brakes. Takes a tick at most, whatever hangs. */
  readonly observeAndJudge: () => Promise<void>;
  /** What watchers of this host are told. */
  readonly watching: Watching;
  /** Resolves at the next change asked for over the API. */
  readonly woken: () => Promise<void>;
};

/** The agent over its parts. */
export function createAgent(context: AgentContext): Agent {
  const exclusively = createMutex();
  let wake = Promise.withResolvers<void>();
  const change = () => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const plan = createPlanner(context);
  let waiting: Promise<void> | undefined;
  // Who asks while one call waits for its turn is served by that one: it takes the plan as it is when its turn comes.
  const applyPlan = () => {
    waiting ??= exclusively(() => {
      waiting = undefined;
      return context.proxy.apply(plan());
    });
    return waiting;
  };
  const { tend, watchReady } = createTender(context, applyPlan);
  const { look, countAndThen } = createLookout(context, { watchReady, applyPlan });
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
      const result = await countAndThen(model, (counters) =>
        setTraffic(context, { model, request, expected, counters }),
      );
      if (!result.ok) return result;
      return applyChange(context, applyPlan, result.value);
    },
    retireModel: (model, expected) => {
      const result = retireModel(context, model, expected);
      change();
      return result;
    },
    takeBack: async (model, request) => {
      const result = await countAndThen(model, (counters) => takeBack(context, { model, request, counters }));
      if (!result.ok) return result;
      const applied = await applyChange(context, applyPlan, result.value);
      const isHeld = context.store.heldTraffic(model) !== undefined;
      return applied.ok && isHeld ? err(unwritten()) : applied;
    },
    converge: async () => void (await Promise.all([applyPlan(), tend()])),
    observeAndJudge: look,
    watching: createWatching(context),
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
        code: HOST_WARNINGS.proxyBehind,
        message: messageOf(thrown),
        remedy: 'It is tried again at every tick; look at its log.',
      }),
    );
  }
}

function unwritten(): Refusal {
  return new Refusal({
    status: 503,
    code: HOST_WARNINGS.brakeUnwritten,
    message: 'The proxy does it, and it could not be written down.',
    remedy: 'Make room on the disk of the data folder: it is written then.',
  });
}
