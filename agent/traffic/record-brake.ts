import { messageOf } from '../../core/errors.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { Brake, Traffic } from '../../core/serving/api.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import type { AgentContext } from '../context.ts';
import { report } from '../outbox/report.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';

/** Traffic as it is once a brake is on. */
type Braked = {
  readonly model: string;
  readonly stored: StoredTraffic & { readonly traffic: Traffic & { readonly brake: Brake } };
};

/**
 * Stores traffic with a brake on it, and reports that: both or neither. Where nothing can be written the brake counts all the same, and is
 * reported: it is held, and `writeDown` stores it later.
 */
export function recordBrake(context: AgentContext, { model, stored: before }: Braked): void {
  const { store, log } = context;
  // How often something else was reported again is nothing to this.
  const { reminded: _, ...stored } = before;
  const { version, code, explanation } = stored.traffic.brake;
  log.warn(`Braked ${model} version ${version} (${code}): ${explanation}`);
  try {
    write(context, { model, stored });
  } catch (thrown) {
    const { traffic } = stored;
    const problem = store.holdTraffic(model, stored);
    reportBrake(context, { model, traffic, brake: traffic.brake, times: 0, isHeld: true });
    const lost =
      problem === undefined
        ? ''
        : ` It is not kept either, and the next agent would not know of it: ${problem}`;
    log.warn(
      `${HOST_WARNINGS.brakeUnwritten}: ${describeUnwritten(model, traffic.brake)} ${messageOf(thrown)}${lost}`,
    );
  }
}

/** Tries again to store a brake that could not be written. Throws while it can't. */
export function writeDown(context: AgentContext, { model, stored }: Braked): void {
  write(context, { model, stored });
  context.log.info(`The brake of ${model} version ${stored.traffic.brake.version} is written down.`);
}

/** What people are told of a brake that counts and is not written. */
export function describeUnwritten(model: string, { version }: Brake): string {
  return `Version ${version} of ${model} was taken back on this host, which can't write that down.`;
}

function write(context: AgentContext, { model, stored }: Braked): void {
  const { traffic } = stored;
  context.store.transaction(() => {
    context.store.putTraffic(model, stored);
    reportBrake(context, { model, traffic, brake: traffic.brake, times: 0 });
  });
}

type Told = {
  readonly model: string;
  readonly traffic: Traffic;
  readonly brake: Brake;
  /** How often it was reported before. */
  readonly times: number;
  readonly isHeld?: boolean;
};

/** Reports a brake. Each time is a report of its own: one that has led to an event is a replay. */
export function reportBrake(
  context: AgentContext,
  { model, traffic, brake, times, isHeld = false }: Told,
): void {
  const { revision, stable } = traffic;
  const { rollout, version, code, explanation, at } = brake;
  // Revisions begin anew once a model was retired.
  const first = `${rollout}/${version}/${revision}/${at}`;
  report(
    context,
    { type: DISPATCH_TYPES.brake, model, step: times === 0 ? first : `${first}/${times}`, isHeld },
    { rollout, version, code, explanation, at, ...(stable !== undefined && { to: stable }) },
  );
}
