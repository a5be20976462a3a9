import { messageOf } from '../../core/errors.ts';
import { environmentOf, type LedgerState, type Rollout } from '../../core/ledger/state.ts';
import { findNeglect, type Neglect } from '../../core/monitor/find-neglect.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { AgentPort } from '../../core/ports.ts';
import type { Traffic } from '../../core/serving/api.ts';
import { type AskFor, MAX_REASON } from './ask-for.ts';
import type { Monitoring } from './monitor-context.ts';

/** What ends a rollout waits for no approval, and raises nothing; what goes on with one may raise traffic again. */
const TYPES = { end: DISPATCH_TYPES.brake, 'go-on': DISPATCH_TYPES.rollout } as const satisfies Readonly<
  Record<Neglect['wants'], string>
>;

/**
 * Asks, by the dispatches that agents send, for the end of an open rollout or for a job that goes on with it, where nobody looks after it:
 * its job was lost, or the plan of a report failed. Each run of the monitor asks anew, so the end of a rollout hangs on no single
 * delivery. Gives what was asked for, in words.
 */
export async function takeUpRollout(
  monitoring: Monitoring,
  state: LedgerState,
  askFor: AskFor,
): Promise<readonly string[]> {
  const { request, ports } = monitoring;
  const { environmentName: environment, environment: settings, config, author } = request;
  const { rollout } = environmentOf(state, environment);
  if (rollout === undefined) return [];
  const traffic = await Promise.all(ports.agents.map((agent) => look(monitoring, agent)));
  const neglect = findNeglect(rollout, { traffic: traffic.flat(), settings, now: ports.clock.now() });
  if (neglect === undefined) return [];
  const { run, attempt } = author.workflow;
  const sent = await askFor(TYPES[neglect.wants], {
    id: `taken-up-${run}-${attempt}-${environment}-${config.model}`,
    body: bodyOf(rollout, neglect),
  });
  if (sent === undefined) return [];
  const asked = neglect.wants === 'end' ? 'its end' : 'a job that goes on with it';
  return [`Nobody looks after ${rollout.id}, so ${asked} was asked for. ${neglect.explanation}`];
}

function bodyOf({ id, version }: Rollout, { code, explanation }: Neglect) {
  return { rollout: id, version, code, explanation: explanation.slice(0, MAX_REASON) };
}

async function look({ request, ports }: Monitoring, agent: AgentPort): Promise<readonly Traffic[]> {
  try {
    // A host that does not answer holds up nobody: its silence is for the checks after this.
    const { traffic } = await agent.urgent().state();
    return [traffic[request.config.model]].filter((one) => one !== undefined);
  } catch (thrown) {
    ports.log.warn(`${agent.url} can't be asked of the rollout: ${messageOf(thrown)}`);
    return [];
  }
}
