import { messageOf } from '../../core/errors.ts';
import type { AgentContext } from '../context.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import { stepInstance } from './step-instance.ts';

/** Brings instances nearer to what is wanted, each beside the others: a step of one that hangs holds up nothing else. */
type Tender = {
  /** Begins a step of every instance that has none under way. Resolves once these have ended. */
  readonly tend: () => Promise<void>;
  /** The same for those that are ready; resolves once every step of theirs has ended, whoever began it. */
  readonly watchReady: () => Promise<void>;
};

/** A tender that tells `changed` of each step that changed something, and waits for it before the next. */
export function createTender(context: AgentContext, changed: () => Promise<void>): Tender {
  const underWay = new Map<string, Promise<void>>();
  const begin = (instance: StoredInstance): Promise<void> => {
    const key = keyOf(instance);
    const step = stepStored(context, instance, changed).finally(() => underWay.delete(key));
    underWay.set(key, step);
    return step;
  };
  const all = () => context.store.instances();
  const join = async (steps: readonly Promise<void>[]) => void (await Promise.all(steps));
  return {
    tend: () => join(all().flatMap((one) => (underWay.has(keyOf(one)) ? [] : [begin(one)]))),
    watchReady: () => {
      const ready = all().filter(({ state }) => state === 'ready');
      return join(ready.map((one) => underWay.get(keyOf(one)) ?? begin(one)));
    },
  };
}

function keyOf({ model, version }: StoredInstance): string {
  return `${model}/${version}`;
}

/**
 * Stores a step's outcome unless the instance was changed over the API meanwhile: then the next step starts from that. A server
 * that was given up is ended right after that is on record.
 */
async function stepStored(
  context: AgentContext,
  before: StoredInstance,
  changed: () => Promise<void>,
): Promise<void> {
  const { store, log } = context;
  const { model, version } = before;
  try {
    const after = await stepInstance(context, before);
    const isUntouched = isSame(store.getInstance(model, version), before);
    if (!isUntouched || isSame(after, before)) return;
    store.putInstance(after);
    await changed();
    const stored = store.getInstance(model, version);
    if (stored?.isGivenUp === true) await stepStored(context, stored, changed);
  } catch (thrown) {
    log.warn(`${model} version ${version}: ${messageOf(thrown)}`);
  }
}

function isSame(left: StoredInstance | undefined, right: StoredInstance): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
