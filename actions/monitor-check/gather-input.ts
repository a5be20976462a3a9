import type { LabelCount } from '../../core/drift/build-cohorts.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { messageOf } from '../../core/errors.ts';
import { addSeconds, isAfter } from '../../core/instant.ts';
import { findHeeded } from '../../core/ledger/find-promotion.ts';
import {
  type Deployed,
  type EnvironmentState,
  environmentOf,
  type LedgerState,
  lookUp,
} from '../../core/ledger/state.ts';
import { NO_PROFILE } from '../../core/monitor/decide-monitor.ts';
import { judgeServed } from '../../core/monitor/judge-served.ts';
import type { HostReport, LastRun, MonitorInput } from '../../core/monitor/monitor-input.ts';
import type { AgentPort } from '../../core/ports.ts';
import type { Instance } from '../../core/serving/api.ts';
import { harmBrake } from '../../core/serving/harm-brake.ts';
import { readObservations } from '../serving/read-observations.ts';
import { COUNTING_SECONDS, compareCounts } from './compare-counts.ts';
import type { Monitoring } from './monitor-context.ts';
import { readWindows } from './read-windows.ts';

/** What one host tells: what it serves, what it was asked, and its late labels of the champion. */
type Seen = {
  readonly report: HostReport;
  readonly windows: readonly CaptureWindow[];
  readonly labels: readonly LabelCount[];
};

/** Asks every host what it serves and what it saw, and judges the champion on it. A host that can't be reached is a finding. */
export async function gatherInput(monitoring: Monitoring, state: LedgerState): Promise<MonitorInput> {
  const { request, ports } = monitoring;
  const now = ports.clock.now();
  const here = environmentOf(state, request.environmentName);
  const champion = here.champion?.version;
  const seen = await Promise.all(ports.agents.map((agent) => look(monitoring, agent, here)));
  const profile = await fetchProfile(monitoring, state, champion);
  const lastRun = await findLastRun(monitoring);
  return {
    now,
    environment: request.environmentName,
    ledger: state,
    policy: request.config.monitor,
    deliverySeconds: request.config.project.timeoutSeconds,
    hosts: seen.map(({ report }) => report),
    lastRun,
    ...(profile.kind === 'read'
      ? judgeServed(profile.profile, {
          now,
          policy: request.config.monitor,
          windows: seen.flatMap(({ windows }) => windows),
          labels: seen.flatMap(({ labels }) => labels),
        })
      : { unjudged: { code: profile.kind, metric: 'windows', message: profile.message } }),
  };
}

async function look({ request, ports }: Monitoring, agent: AgentPort, here: EnvironmentState): Promise<Seen> {
  const champion = here.champion?.version;
  const { model } = request.config;
  try {
    const { traffic, instances, warnings } = await agent.state();
    const stable = traffic[model]?.stable;
    const instance = instances.find((one) => one.model === model && one.version === stable);
    const serving = stable === undefined ? undefined : describeServing(stable, instance);
    const braked = harmBrake(traffic[model], findHeeded(here))?.explanation;
    const report = {
      host: agent.url,
      lastSeenAt: ports.clock.now(),
      ...(serving && { serving }),
      ...(braked !== undefined && { braked }),
      ...(warnings !== undefined && { warnings }),
    };
    const labels = champion === undefined ? [] : await agent.labels(model, champion);
    const windows = await readWindows(agent, model);
    if (here.champion === undefined || stable !== champion) return { report, windows, labels };
    const counting = await compare({ request, ports }, agent, { champion: here.champion, windows });
    return { report: { ...report, ...(counting && { counting }) }, windows, labels };
  } catch (thrown) {
    ports.log.warn(`${agent.url} can't be asked: ${messageOf(thrown)}`);
    return { report: { host: agent.url, problem: messageOf(thrown) }, windows: [], labels: [] };
  }
}

/** It only tells, so a host that can't tell it is no worse for that. */
async function compare(
  { request, ports }: Monitoring,
  agent: AgentPort,
  { champion, windows }: { readonly champion: Deployed; readonly windows: readonly CaptureWindow[] },
): Promise<HostReport['counting']> {
  const now = ports.clock.now();
  const dayAgo = addSeconds(now, -COUNTING_SECONDS);
  const since = isAfter(champion.at, dayAgo) ? champion.at : dayAgo;
  try {
    const observations = await readObservations(agent, request.config.model, since);
    return compareCounts({ windows, observations }, { version: champion.version, since, now });
  } catch (thrown) {
    ports.log.warn(`What ${agent.url} answered can't be compared with what it counted: ${messageOf(thrown)}`);
    return undefined;
  }
}

function describeServing(version: string, instance: Instance | undefined): HostReport['serving'] {
  if (instance === undefined) return { version };
  const { package: packageName, state, message } = instance;
  return { version, package: packageName, state, ...(message !== undefined && { message }) };
}

/** The workflow that calls this action, by which the runs of its schedule are found. */
const MONITOR_WORKFLOW = 'monitor.yml';

async function findLastRun({ request: { author }, ports }: Monitoring): Promise<LastRun> {
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
  { ports }: Monitoring,
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
