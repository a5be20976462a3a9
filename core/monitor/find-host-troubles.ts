import { secondsBetween } from '../instant.ts';
import { environmentOf, type LedgerState, lookUp } from '../ledger/state.ts';
import { formatDuration } from '../report/format-number.ts';
import { HOST_WARNINGS } from '../serving/host-warning.ts';
import type { Finding } from './finding.ts';
import type { HostReport, MonitorInput } from './monitor-input.ts';

/** After so many runs that did not come the monitor says so, and after so many people are asked to look. */
const MISSED_RUNS = 3;
const LOST_RUNS = 24;

/** The code of a host that can't be asked, or was not heard of for too long. */
export const HOST_LOST = 'host-lost';

/** Lost hosts, hosts that serve something else than the ledger says or braked the champion, and hosts on which it has failed. */
export function findHostTroubles(input: MonitorInput): readonly Finding[] {
  return input.hosts.flatMap((host) => [
    ...findLost(input, host),
    ...(host.braked === undefined ? findMisplaced(input, host) : findBraked(input, host)),
    ...findFailed(input, host),
    ...findWarned(input, host),
  ]);
}

/**
 * Hosts that serve what the ledger does not know. The ledger is the truth, so either it was lost, cut short or replaced, or somebody
 * else deploys there: nothing may be made to follow it before people have looked.
 */
export function findUnknownServed(input: MonitorInput): readonly Finding[] {
  const { ledger, environment } = input;
  const { champion } = environmentOf(ledger, environment);
  return input.hosts.flatMap(({ host, serving }) => {
    if (serving === undefined || knowsVersion(ledger, environment, serving.version)) return [];
    const lack =
      champion === undefined
        ? `the ledger has no champion of ${environment}`
        : `the ledger does not know that version (the champion of ${environment} is ${champion.version})`;
    const message =
      `Host ${host} serves version ${serving.version} of ${ledger.model}, and ${lack}. ` +
      'Look whether the ledger branch was deleted, cut short or replaced, and bring it back before anything is deployed.';
    return [{ wants: 'investigate', reason: { code: 'served-unknown', metric: host, message } }];
  });
}

/** A note when the monitor's schedule has not run as often as it should, or when that can't be told. */
export function findMissedRuns({ lastRun, now, policy }: MonitorInput): readonly Finding[] {
  if (lastRun.kind === 'first') return [];
  if (lastRun.kind === 'unknown') {
    const message = `When the monitor last ran by its schedule can't be told: ${lastRun.why}`;
    return [{ wants: 'none', reason: { code: 'last-run-unknown', metric: 'monitor', message } }];
  }
  const seconds = secondsBetween(lastRun.at, now);
  const allowed = MISSED_RUNS * policy.everySeconds;
  if (!(seconds > allowed)) return [];
  return [
    {
      wants: seconds > LOST_RUNS * policy.everySeconds ? 'investigate' : 'none',
      reason: {
        code: 'missed-runs',
        metric: 'monitor',
        message: `The monitor last ran by its schedule ${formatDuration(seconds)} ago and should every ${formatDuration(policy.everySeconds)}. Check that the schedule is enabled: GitHub switches it off after 60 days without activity in the repository.`,
        observed: seconds,
        limit: allowed,
      },
    },
  ];
}

function findLost(input: MonitorInput, report: HostReport): readonly Finding[] {
  const { heartbeatSeconds: limit } = input.policy;
  const silence = findSilence(input, report);
  if (silence.isSeen && silence.seconds <= limit) return [];
  const { message, seconds } = silence;
  const observed = seconds === undefined ? {} : { observed: seconds };
  return [
    { wants: 'investigate', reason: { code: HOST_LOST, metric: report.host, message, ...observed, limit } },
  ];
}

/** How long a host is silent, in s, and in words. */
type Silence =
  | { readonly isSeen: true; readonly seconds: number; readonly message: string }
  /** At least; `undefined` where it could be asked until now. */
  | { readonly isSeen: false; readonly seconds: number | undefined; readonly message: string };

/**
 * A host that can't be asked can't say when it was seen last, and the monitor keeps no state of its own: the ledger has when it was first
 * found lost, and since then it has not been found again.
 */
function findSilence(
  { now, ledger, environment }: MonitorInput,
  { host, lastSeenAt, problem }: HostReport,
): Silence {
  if (lastSeenAt !== undefined) {
    const seconds = secondsBetween(lastSeenAt, now);
    return { isSeen: true, seconds, message: `Host ${host} has been silent for ${formatDuration(seconds)}.` };
  }
  const why = problem === undefined ? '.' : `: ${problem}`;
  const lost = environmentOf(ledger, environment).monitor?.lost ?? [];
  const since = lost.find((one) => one.host === host)?.since;
  if (since === undefined)
    return { isSeen: false, seconds: undefined, message: `Host ${host} can't be asked${why}` };
  const seconds = secondsBetween(since, now);
  const silent = `silent since at least ${since} (${formatDuration(seconds)})`;
  return { isSeen: false, seconds, message: `Host ${host} is ${silent} and can't be asked${why}` };
}

function findBraked(input: MonitorInput, { host, braked }: HostReport): readonly Finding[] {
  const { champion, rollout } = environmentOf(input.ledger, input.environment);
  if (champion === undefined || rollout !== undefined) return [];
  const message = `Host ${host} braked version ${champion.version} while it was rolled out, before it became the champion: ${braked}`;
  return [{ wants: 'rollback', reason: { code: 'champion-braked', metric: host, message } }];
}

function findMisplaced(input: MonitorInput, { host, serving }: HostReport): readonly Finding[] {
  const { champion, rollout } = environmentOf(input.ledger, input.environment);
  if (champion === undefined || serving === undefined || rollout !== undefined) return [];
  if (!knowsVersion(input.ledger, input.environment, serving.version)) return [];
  if (serving.version !== champion.version) {
    const message = `Host ${host} serves version ${serving.version}; the champion is ${champion.version}.`;
    return [{ wants: 'investigate', reason: { code: 'version-differs', metric: host, message } }];
  }
  if (serving.package === undefined || serving.package === champion.package) return [];
  const message = `Host ${host} serves ${serving.package}; the champion's package is ${champion.package}.`;
  return [{ wants: 'rebuild', reason: { code: 'package-differs', metric: host, message } }];
}

/** A version that was ever registered or deployed here. */
function knowsVersion(ledger: LedgerState, environment: string, version: string): boolean {
  const { champion, previous, history } = environmentOf(ledger, environment);
  if (champion === undefined) return false;
  return (
    [champion, previous, ...history].some((known) => known?.version === version) ||
    lookUp(ledger.versions, version) !== undefined
  );
}

function findFailed(
  { ledger, environment }: MonitorInput,
  { host, serving }: HostReport,
): readonly Finding[] {
  const { champion } = environmentOf(ledger, environment);
  if (serving?.state !== 'failed' || serving.version !== champion?.version) return [];
  const message = `Host ${host} can't answer with version ${serving.version}: ${serving.message ?? 'it has failed'}.`;
  return [{ wants: 'investigate', reason: { code: 'champion-failed', metric: host, message } }];
}

/** A clock that was set needs nobody, a monitor that was away is back, and what serves is not worse for who may read a file. */
const NOTED_ONLY: ReadonlySet<string> = new Set([
  HOST_WARNINGS.clockJumped,
  HOST_WARNINGS.monitorSilent,
  HOST_WARNINGS.secretsReadable,
]);

/** What a host warns of; a version that is away during a rollout is for whoever leads that. */
function findWarned(
  { ledger, environment }: MonitorInput,
  { host, warnings = [] }: HostReport,
): readonly Finding[] {
  const { rollout } = environmentOf(ledger, environment);
  return warnings
    .filter(({ model }) => model === undefined || model === ledger.model)
    .map(({ code, message }): Finding => {
      const isLed = code === HOST_WARNINGS.versionAway && rollout !== undefined;
      const wants = NOTED_ONLY.has(code) || isLed ? 'none' : 'investigate';
      return { wants, reason: { code, metric: host, message: `Host ${host}: ${message}` } };
    });
}
