import { secondsBetween } from '../instant.ts';
import { environmentOf } from '../ledger/state.ts';
import { formatDuration } from '../report/format-number.ts';
import type { Finding } from './finding.ts';
import type { HostReport, MonitorInput } from './monitor-input.ts';

const MISSED_RUNS = 3;

/** Lost hosts, hosts that serve something else than the ledger says, and endpoints that give other answers than stored. */
export function findHostTroubles(input: MonitorInput): readonly Finding[] {
  return input.hosts.flatMap((host) => [
    ...findLost(input, host),
    ...findMisplaced(input, host),
    ...findGolden(host),
  ]);
}

/** A note when the monitor itself has not run as often as it should. */
export function findMissedRuns({ lastRunAt, now, policy }: MonitorInput): readonly Finding[] {
  if (lastRunAt === undefined) return [];
  const seconds = secondsBetween(lastRunAt, now);
  const allowed = MISSED_RUNS * policy.everySeconds;
  if (!(seconds > allowed)) return [];
  return [
    {
      wants: 'none',
      reason: {
        code: 'missed-runs',
        metric: 'monitor',
        message: `The monitor last ran ${formatDuration(seconds)} ago and should every ${formatDuration(policy.everySeconds)}. Check that its schedule is enabled.`,
        observed: seconds,
        limit: allowed,
      },
    },
  ];
}

function findLost({ now, policy }: MonitorInput, { host, lastSeenAt }: HostReport): readonly Finding[] {
  const seconds = lastSeenAt === undefined ? undefined : secondsBetween(lastSeenAt, now);
  if (seconds !== undefined && seconds <= policy.heartbeatSeconds) return [];
  const message =
    seconds === undefined
      ? `Host ${host} has never reported.`
      : `Host ${host} has been silent for ${formatDuration(seconds)}.`;
  return [
    {
      wants: 'investigate',
      reason: {
        code: 'host-lost',
        metric: host,
        message,
        ...(seconds !== undefined && { observed: seconds }),
        limit: policy.heartbeatSeconds,
      },
    },
  ];
}

function findMisplaced(input: MonitorInput, { host, serving }: HostReport): readonly Finding[] {
  const { champion, rollout } = environmentOf(input.ledger, input.environment);
  if (champion === undefined || serving === undefined || rollout !== undefined) return [];
  if (serving.version !== champion.version) {
    const message = `Host ${host} serves version ${serving.version}; the champion is ${champion.version}.`;
    return [{ wants: 'investigate', reason: { code: 'version-differs', metric: host, message } }];
  }
  if (serving.package === undefined || serving.package === champion.package) return [];
  const message = `Host ${host} serves ${serving.package}; the champion's package is ${champion.package}.`;
  return [{ wants: 'rebuild', reason: { code: 'package-differs', metric: host, message } }];
}

function findGolden({ host, golden }: HostReport): readonly Finding[] {
  if (golden === undefined || golden.verdict === 'pass') return [];
  const wants = golden.verdict === 'fail' ? 'rebuild' : 'investigate';
  return [{ wants, reason: { ...golden.reason, message: `Host ${host}: ${golden.reason.message}` } }];
}
