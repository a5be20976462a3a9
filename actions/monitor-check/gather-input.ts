import pLimit from 'p-limit';
import type { LabelCount } from '../../core/drift/labels/build-cohorts.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import { addHosts, type HostsCounts } from '../../core/drift/windows/add-hosts.ts';
import { messageOf } from '../../core/errors.ts';
import { addSeconds, type Instant, isAfter } from '../../core/instant.ts';
import { findHeeded } from '../../core/ledger/find-promotion.ts';
import {
  type Deployed,
  type EnvironmentState,
  environmentOf,
  type LedgerState,
  lookUp,
} from '../../core/ledger/state.ts';
import { NO_PROFILE } from '../../core/monitor/decide-monitor.ts';
import { sumHours } from '../../core/monitor/evidence/sum-hours.ts';
import { type PageEvidence, sumUp } from '../../core/monitor/evidence/sum-up.ts';
import { judgeServed } from '../../core/monitor/judge-served.ts';
import type { HostReport, LastRun, MonitorInput } from '../../core/monitor/monitor-input.ts';
import type { AgentPort } from '../../core/ports.ts';
import type { Instance } from '../../core/serving/api.ts';
import { harmBrake } from '../../core/serving/brakes/harm-brake.ts';
import { addByHour, type HourCounts, listHours } from '../../core/serving/hour-counts.ts';
import { readObservations } from '../serving/read-observations.ts';
import { COUNTING_SECONDS, compareCounts } from './compare-counts.ts';
import type { Gathering } from './monitor-context.ts';
import { readWindows } from './read-windows.ts';

/** Hosts that tell what they counted at once: of each it may be megabytes, and there may be hundreds. */
const TOLD_AT_ONCE = 2;

/** What one host tells: what it serves, and its late labels of the champion. */
type Seen = {
  readonly report: HostReport;
  readonly labels: readonly LabelCount[];
};

/** What all hosts counted, to which each adds its own when it is its turn. */
type Counts = {
  readonly windows: HostsCounts;
  /** By the id of a host: one may be reached under two addresses. */
  readonly hours: Map<string, readonly HourCounts[]>;
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
};

/** What a check decides on, and the same summed up for people. */
type Gathered = { readonly input: MonitorInput; readonly evidence: PageEvidence };

/** Asks every host what it serves and what it saw, and judges the champion on it. A host that can't be reached is a finding. */
export async function gatherInput(gathering: Gathering, state: LedgerState): Promise<Gathered> {
  const { request, ports } = gathering;
  const now = ports.clock.now();
  const here = environmentOf(state, request.environmentName);
  const champion = here.champion?.version;
  const counts = {
    windows: addHosts(request.config.monitor.drift.cycleSeconds),
    hours: new Map<string, readonly HourCounts[]>(),
    inTurn: pLimit(TOLD_AT_ONCE),
  };
  const seen = await Promise.all(ports.agents.map((agent) => look(gathering, agent, { here, counts })));
  const profile = await fetchProfile(gathering, state, champion);
  const lastRun = await findLastRun(gathering);
  const told = {
    windows: counts.windows.windows(),
    labels: seen.flatMap(({ labels }) => labels),
    hours: sumHours([...counts.hours.values()]),
  };
  const judged =
    profile.kind === 'read'
      ? judgeServed(profile.profile, { now, policy: request.config.monitor, ...told })
      : undefined;
  const input: MonitorInput = {
    now,
    environment: request.environmentName,
    ledger: state,
    policy: request.config.monitor,
    deliverySeconds: request.config.project.timeoutSeconds,
    hosts: seen.map(({ report }) => report),
    lastRun,
    ...judged,
    ...(profile.kind !== 'read' && {
      unjudged: { code: profile.kind, metric: 'windows', message: profile.message },
    }),
  };
  const { drift, labels } = request.config.monitor;
  const limits = { warn: drift.warn, maturitySeconds: labels.maturitySeconds };
  const known =
    profile.kind === 'read' && judged !== undefined
      ? { judged: { profile: profile.profile, ...limits, ...judged } }
      : {};
  return { input, evidence: sumUp(told, { champion, now, ...known }) };
}

async function look(
  gathering: Gathering,
  agent: AgentPort,
  { here, counts }: { readonly here: EnvironmentState; readonly counts: Counts },
): Promise<Seen> {
  const { request, ports } = gathering;
  const champion = here.champion?.version;
  const { model } = request.config;
  try {
    const { hostId, traffic, instances, warnings } = await agent.state();
    const lastSeenAt = ports.clock.now();
    const stable = traffic[model]?.stable;
    const instance = instances.find((one) => one.model === model && one.version === stable);
    const serving = stable === undefined ? undefined : describeServing(stable, instance);
    const braked = harmBrake(traffic[model], findHeeded(here))?.explanation;
    const labels = champion === undefined ? [] : await agent.labels(model, champion);
    const served = stable === champion ? here.champion : undefined;
    const counting = await counts.inTurn(() => addCounts(gathering, agent, { hostId, served, counts }));
    const report = {
      host: agent.url,
      lastSeenAt,
      ...(serving && { serving }),
      ...(braked !== undefined && { braked }),
      ...(warnings !== undefined && { warnings }),
      ...(counting && { counting }),
    };
    return { report, labels };
  } catch (thrown) {
    ports.log.warn(`${agent.url} can't be asked: ${messageOf(thrown)}`);
    return { report: { host: agent.url, problem: messageOf(thrown) }, labels: [] };
  }
}

/**
 * Adds what a host counted to what all did. Of one that serves the champion it gives how that compares with what its proxy saw in the last day;
 * it only tells, so a host that can't tell it is no worse for that.
 */
async function addCounts(
  { request, ports }: Gathering,
  agent: AgentPort,
  {
    hostId,
    served,
    counts,
  }: { readonly hostId: string; readonly served: Deployed | undefined; readonly counts: Counts },
): Promise<HostReport['counting'] | undefined> {
  const { model } = request.config;
  // What it tells in another's name is not that host's.
  const windows = (await readWindows(agent, model)).filter((window) => window.hostId === hostId);
  counts.windows.add(windows);
  if (served === undefined) return undefined;
  const now = ports.clock.now();
  const dayAgo = addSeconds(now, -COUNTING_SECONDS);
  const since = isAfter(served.at, dayAgo) ? served.at : dayAgo;
  try {
    const hours = (await agent.hours(model, since)) ?? (await sumObservations(agent, model, since));
    if (!counts.hours.has(hostId)) counts.hours.set(hostId, hours);
    return compareCounts({ windows, hours }, { version: served.version, since, now });
  } catch (thrown) {
    ports.log.warn(`What ${agent.url} answered can't be compared with what it counted: ${messageOf(thrown)}`);
    return undefined;
  }
}

/** What an agent of before it told hours has seen: jobs are brought up to date before hosts. */
async function sumObservations(
  agent: AgentPort,
  model: string,
  since: Instant,
): Promise<readonly HourCounts[]> {
  const hours = new Map<string, HourCounts>();
  addByHour(hours, await readObservations(agent, model, since));
  return listHours(hours);
}

function describeServing(version: string, instance: Instance | undefined): HostReport['serving'] {
  if (instance === undefined) return { version };
  const { package: packageName, state, message } = instance;
  return { version, package: packageName, state, ...(message !== undefined && { message }) };
}

/** The workflow that calls this action, by which the runs of its schedule are found. */
const MONITOR_WORKFLOW = 'monitor.yml';

async function findLastRun({ request: { author }, ports }: Gathering): Promise<LastRun> {
  try {
    const at = await ports.github.lastScheduledRun(MONITOR_WORKFLOW, author.workflow.run);
    if (at !== undefined) return { kind: 'known', at };
    if (author.cause.kind === 'schedule') return { kind: 'first' };
    return {
      kind: 'unknown',
      why: 'GitHub has no run of its schedule on record. Look whether it is enabled.',
    };
  } catch (thrown) {
    return { kind: 'unknown', why: messageOf(thrown) };
  }
}

/** What the champion is judged by, or why there is nothing. */
type Profile =
  | { readonly kind: 'read'; readonly profile: ReferenceProfile }
  | { readonly kind: 'profile-none' | 'profile-unreadable'; readonly message: string };

async function fetchProfile(
  { ports }: Gathering,
  state: LedgerState,
  version: string | undefined,
): Promise<Profile> {
  const none = (message: string) => ({ kind: NO_PROFILE, message }) as const;
  const built = version === undefined ? undefined : lookUp(state.versions, version)?.package;
  if (built === undefined)
    return none('The champion has no package on record, so there is nothing to judge its requests by.');
  try {
    const profile = await ports.packages.fetchProfile(built);
    if (profile !== undefined) return { kind: 'read', profile };
    return none('The champion came without a reference profile: drift and answers are not judged.');
  } catch (thrown) {
    const message = `Drift and answers could not be judged, for the champion’s reference profile can't be read: ${messageOf(thrown)}`;
    return { kind: 'profile-unreadable', message };
  }
}
