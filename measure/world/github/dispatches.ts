import { z } from 'zod';
import type { Exchange } from '../../../agent/machine/reach-out.ts';
import type { Draws } from '../../simulate/draws.ts';
import type { WorldHost } from '../host/host.ts';
import type { Actor, Scheduler } from '../scheduler.ts';
import type { GitHubFaults } from '../world.ts';

/** An event as GitHub starts a workflow for it. */
export type GitHubEvent = { readonly name: string; readonly actor: string; readonly payload: object };

type Intake = {
  readonly time: Scheduler;
  readonly draws: Draws;
  readonly faults: GitHubFaults;
  readonly trigger: (event: GitHubEvent) => void;
};

const SERVER: Actor = { name: 'github', isAlive: true };
const WAY_MS = { least: 100, most: 500 } as const;
const RETRY_AFTER_SECONDS = 20;
/** A dispatch that is late starts its run up to so much later than one that is not. */
const LATE_MS = 90_000;
const bodySchema = z.object({ event_type: z.string(), client_payload: z.looseObject({}) });

/** GitHub's `POST /dispatches` as one process of a host's agent reaches it. */
export function takeDispatches(intake: Intake, host: WorldHost, actor: Actor): Exchange {
  const { time, draws, faults } = intake;
  return async ({ json, timeoutMs }) => {
    await time.sleep(WAY_MS.least + draws.uniform() * WAY_MS.most, actor);
    if (host.is('partitionedUntil')) return tooLate(time, actor, timeoutMs);
    if (time.elapsed() < faults.downUntil) return { status: 502, headers: {}, text: 'Bad gateway' };
    if (time.elapsed() < faults.rateLimitedUntil) {
      return { status: 403, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) }, text: 'rate limit' };
    }
    const { event_type: action, client_payload } = bodySchema.parse(json);
    deliver(intake, { type: action, payload: client_payload });
    if (host.is('answersLostUntil')) return tooLate(time, actor, timeoutMs);
    return { status: 204, headers: {}, text: '' };
  };
}

/** Starts the workflows of a dispatch that GitHub has taken, as it does at present: once, later, twice or never. */
export function deliver(
  { time, draws, faults, trigger }: Intake,
  { type, payload }: { readonly type: string; readonly payload: object },
): void {
  const event: GitHubEvent = {
    ...{ name: 'repository_dispatch', actor: 'agent' },
    payload: { action: type, client_payload: payload },
  };
  const start = (afterMs: number) => {
    faults.onTheWay += 1;
    time.after(afterMs, SERVER, () => {
      faults.onTheWay -= 1;
      trigger(event);
    });
  };
  const { until = 0 } = faults.dispatches ?? {};
  const as = time.elapsed() < until ? faults.dispatches?.as : 'usual';
  if (as !== 'lost') start(as === 'late' ? draws.uniform() * LATE_MS : 0);
  if (as === 'doubled') start(draws.uniform() * LATE_MS);
}

async function tooLate(time: Scheduler, actor: Actor, timeoutMs: number): Promise<never> {
  await time.sleep(timeoutMs, actor);
  throw new Error(`POST did not answer in ${timeoutMs / 1_000} s`);
}
