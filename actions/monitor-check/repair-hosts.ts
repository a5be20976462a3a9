import { findWords } from '../../core/deploy/find-words.ts';
import { serveOnly } from '../../core/deploy/rollout-traffic.ts';
import { messageOf } from '../../core/errors.ts';
import { championOf } from '../../core/ledger/champion-of.ts';
import { findHeeded } from '../../core/ledger/find-promotion.ts';
import { type EnvironmentState, environmentOf, type LedgerState, lookUp } from '../../core/ledger/state.ts';
import type { AgentPort } from '../../core/ports.ts';
import type { AgentState, SetTraffic, Traffic } from '../../core/serving/api.ts';
import { harmBrake } from '../../core/serving/brakes/harm-brake.ts';
import { standingBrakes } from '../../core/serving/brakes/standing-brakes.ts';
import { prove } from '../serving/attest.ts';
import { startOnHost } from '../serving/start-on-host.ts';
import { type Startable, startableOf } from '../serving/startable.ts';
import { stopOthers } from '../serving/stop-others.ts';
import type { Monitoring } from './monitor-context.ts';

/** How long one run waits for a version to become ready, in ms; the next run goes on from there. */
const READY_TIMEOUT_MS = 5 * 60_000;

type Seen = { readonly agent: AgentPort; readonly state: AgentState };

/**
 * Gives every host that serves something else than the ledger says what the ledger says: the champion's package, all traffic to
 * it, and an end to what is neither the champion nor the version before. A host that was away while a rollout ended is brought back
 * so. What was changed is given in words; a host that can't be asked, or refuses, only warns.
 */
export async function repairHosts(monitoring: Monitoring): Promise<readonly string[]> {
  const { request, ports } = monitoring;
  const seen = (await Promise.all(ports.agents.map((agent) => look(monitoring, agent)))).flat();
  // Read after the hosts were looked at: what a rollout has changed since then also has another revision, and is left alone.
  const state = await ports.ledger.read(request.config.model);
  const here = environmentOf(state, request.environmentName);
  if (here.champion === undefined || here.rollout !== undefined) return [];
  const startable = startableChampion(monitoring, state);
  if (startable === undefined) return [];
  const strays = seen.filter((host) => isAstray(host, startable, state));
  return (await Promise.all(strays.map((host) => bringBack(monitoring, { startable, here, host })))).flat();
}

async function look({ ports }: Monitoring, agent: AgentPort): Promise<readonly Seen[]> {
  try {
    return [{ agent, state: await agent.state() }];
  } catch (thrown) {
    ports.log.warn(`${agent.url} can't be compared with the ledger: ${messageOf(thrown)}`);
    return [];
  }
}

/**
 * A version under another package than the champion's is a build gone wrong, and for people to look into; so is one that the ledger
 * does not know: it may be the ledger that is wrong.
 */
function isAstray({ state }: Seen, { model, version }: Startable, ledger: LedgerState): boolean {
  const traffic = state.traffic[model];
  if (traffic?.stable !== undefined && lookUp(ledger.versions, traffic.stable) === undefined) return false;
  return traffic?.stable !== version || traffic.candidate !== undefined;
}

function describeTraffic(traffic: Traffic | undefined): string {
  if (traffic?.stable === undefined) return 'nothing';
  const { stable, candidate, candidatePercent } = traffic;
  return candidate === undefined
    ? `version ${stable}`
    : `version ${stable} beside version ${candidate} at ${candidatePercent} %`;
}

/** A host that is to serve the champion again, and what the ledger says of its environment. */
type Return = {
  readonly startable: Startable;
  readonly here: EnvironmentState;
  readonly host: Seen;
};

async function bringBack(
  { request, ports }: Monitoring,
  { startable, here, host }: Return,
): Promise<readonly string[]> {
  const { model, version } = startable;
  const { agent, state } = host;
  const { previous } = here;
  const before = state.traffic[model];
  const wanted = serveOnly(version, findWords(here, [version]));
  if (hasBraked(before, { wanted, here })) {
    const back = `/rollback ${model} ${request.environmentName} takes it back everywhere`;
    ports.log.warn(`${agent.url} braked version ${version} for harm and is not given it again: ${back}.`);
    return [];
  }
  try {
    const patience = { clock: ports.clock, readyMs: READY_TIMEOUT_MS };
    const started = await startOnHost(agent, startable, patience);
    if (!started.ok) {
      ports.log.warn(`${agent.url} can't be brought to version ${version}: ${started.message}`);
      return [];
    }
    const set = await agent.setTraffic(model, wanted, before?.revision);
    if (!set.ok) return [];
    const keep = new Set([version, ...(previous === undefined ? [] : [previous.version])]);
    // Those that were seen while no rollout was open: one that began since has its own.
    await stopOthers(agent, state.instances, { model, keep });
    return [
      `${agent.url} had ${describeTraffic(before)}; it serves version ${version} as ${request.environmentName} should.`,
    ];
  } catch (thrown) {
    ports.log.warn(`${agent.url} can't be brought to version ${version}: ${messageOf(thrown)}`);
    return [];
  }
}

/** Whether a host holds it against the champion that it did harm there, and no person has spoken for it since. */
function hasBraked(
  before: Traffic | undefined,
  { wanted, here }: { readonly wanted: SetTraffic; readonly here: EnvironmentState },
): boolean {
  if (harmBrake(before, findHeeded(here)) !== undefined) return true;
  return standingBrakes(before, wanted).some(({ version }) => version === wanted.stable);
}

/** The champion as a host would be given it; `undefined` where there is none, or none in a package. */
function startableChampion({ request, ports }: Monitoring, state: LedgerState): Startable | undefined {
  const { config, environmentName: environment } = request;
  const { model } = config;
  const champion = championOf(state, environment);
  if (champion?.package === undefined) return undefined;
  const { package: place } = champion;
  const { attest, ledger, log } = ports;
  const history = () => ledger.history(model);
  return startableOf(ports.packages, {
    subject: { model, ...champion },
    place,
    prove: () =>
      prove({ attest, history, log }, state, { known: champion, package: place.package, environment }),
  });
}
